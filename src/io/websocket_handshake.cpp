#include <openssl/evp.h>

#include <algorithm>
#include <utility>

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

bool holds(const HttpResponse& response, std::string_view header, std::string_view token) {
  for (const HttpHeader& h : response.headers) {
    if (equals_ignoring_case(h.name, header) && list_holds(h.value, token)) return true;
  }
  return false;
}

// Sixteen bytes in base64: 22 characters and two of padding.
bool proper_key(const std::string* key) {
  constexpr std::size_t characters = 22;
  if (key == nullptr || key->size() != characters + 2 || !key->ends_with("==")) return false;
  return std::all_of(key->begin(), key->begin() + characters, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
}

std::vector<std::string_view> values_of(const std::vector<HttpHeader>& headers,
                                        std::string_view name) {
  std::vector<std::string_view> values;
  for (const HttpHeader& h : headers) {
    if (equals_ignoring_case(h.name, name)) values.push_back(h.value);
  }
  return values;
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

HttpResponse websocket_upgrade_answer(const HttpRequest& request, const DeflateOptions& deflate,
                                      std::optional<DeflateAgreement>& agreed) {
  agreed.reset();
  const std::string* version = request.header("Sec-WebSocket-Version");
  if (version == nullptr || *version != "13") {
    return {426, {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}}, {}};
  }
  const std::string* key = request.header("Sec-WebSocket-Key");
  if (request.method != "GET" || request.header("Host") == nullptr ||
      !holds(request, "Upgrade", "websocket") || !holds(request, "Connection", "upgrade") ||
      !proper_key(key)) {
    return {400, {}, "not a WebSocket handshake\n"};
  }
  HttpResponse answer{101,
                      {{"Upgrade", "websocket"},
                       {"Connection", "Upgrade"},
                       {"Sec-WebSocket-Accept", websocket_accept(*key)}},
                      {}};
  // Extensions that we do not know, or cannot agree on, are declined by silence (section 9.1).
  const auto offers = values_of(request.headers, "Sec-WebSocket-Extensions");
  if (auto choice = choose_deflate(offers, deflate)) {
    answer.headers.push_back({"Sec-WebSocket-Extensions", std::move(choice->header)});
    agreed = choice->agreement;
  }
  return answer;
}

// RFC 6455 section 4.1, "the client MUST validate the server's response as follows", points 2 to 6.
const char* handshake_fault(const HttpResponse& response, std::string_view key,
                            const std::vector<HttpHeader>& asked, const DeflateOptions& deflate,
                            std::optional<DeflateAgreement>& agreed) {
  if (!holds(response, "Upgrade", "websocket")) return "no upgrade to WebSocket";
  if (!holds(response, "Connection", "upgrade")) return "no Connection: Upgrade";
  const std::string* accept = response.header("Sec-WebSocket-Accept");
  if (accept == nullptr || *accept != websocket_accept(key)) return "not the answer to our key";
  const auto extensions = values_of(response.headers, "Sec-WebSocket-Extensions");
  const DeflateAnswer answer = read_deflate_answer(extensions, deflate);
  if (answer.kind == DeflateAnswer::Kind::Refused) return "an extension that we did not offer";
  if (const std::string* protocol = response.header("Sec-WebSocket-Protocol")) {
    bool offered = false;
    for (const std::string_view list : values_of(asked, "Sec-WebSocket-Protocol")) {
      offered = offered || list_holds(list, *protocol);
    }
    if (!offered) return "a subprotocol that we did not offer";
  }
  agreed.reset();
  if (answer.kind == DeflateAnswer::Kind::Agreed) agreed = answer.agreement;
  return nullptr;
}

}  // namespace ats::io
