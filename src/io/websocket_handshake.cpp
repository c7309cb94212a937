#include <openssl/evp.h>

#include "base/assert.hpp"
#include "io/websocket.hpp"

namespace ats::io {

namespace {

bool holds(const HttpRequest& request, std::string_view header, std::string_view token) {
  for (const HttpHeader& h : request.headers) {
    if (equals_ignoring_case(h.name, header) && list_holds(h.value, token)) return true;
  }
  return false;
}

// Sixteen bytes in base64: 22 characters and two of padding.
bool proper_key(const std::string* key) {
  return key != nullptr && key->size() == 24 && key->ends_with("==");
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ATS_ASSERT(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) == 1);
  unsigned char encoded[4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1];
  const int length = EVP_EncodeBlock(encoded, digest, static_cast<int>(size));
  return {encoded, encoded + length};
}

HttpResponse websocket_upgrade_answer(const HttpRequest& request) {
  const std::string* version = request.header("Sec-WebSocket-Version");
  if (version == nullptr || *version != "13") {
    return {426, {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}}, {}};
  }
  const std::string* key = request.header("Sec-WebSocket-Key");
  if (request.method != "GET" || !holds(request, "Upgrade", "websocket") ||
      !holds(request, "Connection", "upgrade") || !proper_key(key)) {
    return {400, {}, "not a WebSocket handshake\n"};
  }
  return {101,
          {{"Upgrade", "websocket"},
           {"Connection", "Upgrade"},
           {"Sec-WebSocket-Accept", websocket_accept(*key)}},
          {}};
}

}  // namespace ats::io
