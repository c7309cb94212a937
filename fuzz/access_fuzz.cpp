// What comes with a request or is kept beside the users, out of any bytes: cookies, bearer tokens, base32, backup codes, a store's key
// file, sealed secrets, passwords, certificates. What is found is a part of what came; what is written reads back.
#include <cstdlib>
#include <string>
#include <string_view>

#include "io/certificates.hpp"
#include "security/one_time_code.hpp"
#include "security/password.hpp"
#include "security/request_secret.hpp"
#include "security/store_key.hpp"

using namespace ats;
using namespace ats::security;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

bool plain(std::string_view text) {
  for (const char c : text) {
    const bool fits = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      c == '-' || c == '_';
    if (!fits) return false;
  }
  return !text.empty();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const StoreKey key(Secret::of(std::string(StoreKey::size, 'k')));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* name : {"ats", "__Host-ats"}) {
    if (const auto value = cookie_of(text, name)) {
      require(within(*value, text) && plain(*value));
      // By itself it is found again.
      require(cookie_of(std::string(name) + "=" + std::string(*value), name) == value);
    }
  }
  if (const auto token = bearer_of(text)) require(within(*token, text) && plain(*token));

  const std::string encoded = base32({data, size});
  const auto decoded = from_base32(encoded);
  require(decoded && decoded->size() == size &&
          std::string_view(reinterpret_cast<const char*>(decoded->data()), size) == text);
  if (const auto bytes = from_base32(text)) require(from_base32(base32(*bytes)) == bytes);
  if (const auto code = plain_backup_code(text)) require(plain_backup_code(*code) == code);
  require(!accept_totp({data, size}, text, {1'800'000'000'000'000'000}, ~std::uint64_t{0}));
  const std::string uri = otpauth_uri("ATS", text, {data, size});
  require(uri.find_first_of(" \"'<>\r\n") == uri.npos);

  if (const auto read = StoreKey::read(text))
    require(read->text().reveal().starts_with(text.substr(0, text.size() - 1)));
  require(!key.unseal(text, "here"));
  const std::string sealed = key.seal(text, "here", {});
  const auto opened = key.unseal(sealed, "here");
  require(opened && opened->reveal() == text);

  if (judge_password(text, "alice", 12)) require(size >= 12 && size <= password_max);
  static_cast<void>(io::read_certificate(text));
  return 0;
}
