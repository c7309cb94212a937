// Vault files and key files out of any bytes. What opens must be what was sealed: a sealed vault with one byte
// changed never opens, and contents that are accepted encode to the same bytes again.
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "security/vault.hpp"
#include "security/vault_contents.hpp"

using namespace ats::security;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

VaultKey fixed_key() {
  VaultKey key;
  key.master = Secret(master_key_size);
  std::memset(key.master.bytes().data(), 0x5a, master_key_size);
  return key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const VaultKey key = fixed_key();
  const std::span<const std::uint8_t> input(data, size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  // As a file.
  if (const auto header = read_vault_header(input);
      header && header->lock == VaultLock::Passphrase) {
    require(header->argon2.memory_kib >= argon2_least.memory_kib &&
            header->argon2.memory_kib <= argon2_most.memory_kib &&
            header->argon2.passes >= argon2_least.passes &&
            header->argon2.passes <= argon2_most.passes);
  }
  static_cast<void>(unseal(key, input));
  if (const auto read = read_key_file(text))
    require(key_file_text(read->master).reveal().substr(0, text.size()) == text);

  // As what was within a vault.
  if (size <= vault_file_max / 2) {
    const Secret bytes = Secret::of(text);
    if (const auto contents = decode_contents(bytes))
      require(encode(*contents).reveal() == bytes.reveal());
    // Sealed, and with one byte of it changed, which the input chooses.
    auto file = seal(key, VaultNonce{}, bytes);
    const auto opened = unseal(key, file);
    require(opened.ok() && opened->reveal() == text);
    if (size >= 3) {
      const std::size_t at = (std::size_t{data[0]} * 256 + data[1]) % file.size();
      file[at] = static_cast<std::uint8_t>(file[at] ^ (data[2] == 0 ? 1 : data[2]));
      require(!unseal(key, file).ok());
    }
  }
  return 0;
}
