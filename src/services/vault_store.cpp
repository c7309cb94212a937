#include "services/vault_store.hpp"

#include <fmt/format.h>

#include "io/hidden_input.hpp"

namespace ats::services {
namespace {

using security::Secret;
using security::VaultError;
using security::VaultKey;
using security::VaultLock;

std::string told(const std::filesystem::path& file, std::string_view what) {
  return fmt::format("{}: {}", file.string(), what);
}

// What a person can do about a vault that does not open.
std::string explain(const VaultAccess& access, VaultError error) {
  const bool by_file = !access.key_file.empty();
  switch (error) {
    case VaultError::NotAVault:
      return told(access.vault, "is not a vault; general.vault or --vault names another file");
    case VaultError::Truncated:
      return told(access.vault, "is only the beginning of a vault; restore it from a copy");
    case VaultError::TooLarge:
      return told(access.vault, "is longer than a vault can be; restore it from a copy");
    case VaultError::UnknownVersion:
      return told(access.vault, "was made by a later ats, or is damaged; use that one, or a copy");
    case VaultError::UnknownLock:
    case VaultError::BadHeader:
      return told(access.vault, "its first bytes were changed or damaged; restore it from a copy");
    case VaultError::WeakParameters:
      return told(access.vault,
                  "asks for less work against guessing than is safe: its first bytes "
                  "were changed; restore it from a copy");
    case VaultError::ExcessiveParameters:
      return told(access.vault,
                  "asks for more memory or time than any vault needs: its first bytes "
                  "were changed; restore it from a copy");
    case VaultError::OtherLock:
      return by_file ? told(access.vault,
                            "is opened by a passphrase, not by a key file; leave out "
                            "--key-file and general.vault_key_file")
                     : told(access.vault,
                            "is opened by a key file; name it with --key-file or "
                            "general.vault_key_file");
    case VaultError::WrongKey:
      return by_file ? told(access.vault, fmt::format("is not opened by {}: it was sealed with "
                                                      "another key file",
                                                      access.key_file.string()))
                     : told(access.vault, "wrong passphrase; nothing was changed");
    case VaultError::Damaged:
      return told(access.vault,
                  "was changed or damaged after it was sealed; restore it from a copy");
    case VaultError::BadContents:
      return told(access.vault,
                  "holds what this ats does not understand; use the one that wrote it");
    case VaultError::NoMemory:
      return told(access.vault, "the passphrase needs more memory to be tried than there is free");
    case VaultError::NotAKeyFile:
      return told(access.key_file,
                  "is no key file; it was made by `ats keys` as one line that "
                  "begins with ats-vault-key-1");
  }
  return told(access.vault, name(error));
}

std::string explain(io::InputError error) {
  switch (error) {
    case io::InputError::NoTerminal:
      return "there is no terminal to ask for the passphrase on; use --passphrase-file, "
             "--passphrase-fd or a key file";
    case io::InputError::Cancelled:
      return "cancelled; nothing was changed";
    case io::InputError::TooLong:
      return fmt::format("the passphrase is longer than {} bytes", passphrase_max);
    case io::InputError::Failed:
      return "the terminal could not be read";
  }
  return name(error);
}

// A text file's last line end is not part of the passphrase.
Secret without_line_end(Secret text) {
  std::size_t size = text.size();
  if (size > 0 && text.reveal()[size - 1] == '\n') --size;
  if (size > 0 && text.reveal()[size - 1] == '\r') --size;
  return text.clone(size);
}

Result<Secret, std::string> read_passphrase(const VaultAccess& access, bool fresh) {
  if (!access.passphrase_file.empty()) {
    auto text = io::read_secret_file(access.passphrase_file, passphrase_max);
    if (!text) return fail(text.error().detail);
    return without_line_end(std::move(*text));
  }
  if (access.passphrase_descriptor >= 0) {
    auto text = io::read_secret_line(access.passphrase_descriptor, passphrase_max);
    if (!text) return fail("--passphrase-fd: " + text.error().detail);
    return std::move(*text);
  }
  auto terminal = io::HiddenTerminal::open();
  if (!terminal) return fail(explain(terminal.error()));
  const std::string asked =
      fmt::format("{} for {}: ", fresh ? "New passphrase" : "Passphrase", access.vault.string());
  auto text = terminal->line(asked, passphrase_max);
  if (!text) return fail(explain(text.error()));
  if (fresh && text->size() >= passphrase_min) {
    const auto again = terminal->line("The same again: ", passphrase_max);
    if (!again) return fail(explain(again.error()));
    if (!(security::SecretText(text->clone(text->size())) ==
          security::SecretText(again->clone(again->size())))) {
      return fail(std::string("the two passphrases differ; nothing was changed"));
    }
  }
  return std::move(*text);
}

constexpr std::size_t key_file_max = 256;

Result<VaultKey, std::string> key_from_file(const VaultAccess& access) {
  const auto text = io::read_secret_file(access.key_file, key_file_max);
  if (!text) return fail(text.error().detail);
  auto key = security::read_key_file(text->reveal());
  if (!key) return fail(explain(access, key.error()));
  return std::move(*key);
}

Result<VaultKey, std::string> key_for(const VaultAccess& access,
                                      const security::VaultHeader& header) {
  if (!access.key_file.empty()) return key_from_file(access);
  if (header.lock == VaultLock::KeyFile) return fail(explain(access, VaultError::OtherLock));
  const auto passphrase = read_passphrase(access, false);
  if (!passphrase) return fail(passphrase.error());
  auto key = security::vault_key(*passphrase, header.salt, header.argon2);
  if (!key) return fail(explain(access, key.error()));
  return std::move(*key);
}

Result<VaultKey, std::string> make_key_file(const VaultAccess& access) {
  VaultKey key;
  key.master = Secret(security::master_key_size);
  io::fill_random(key.master.bytes());
  const Secret text = security::key_file_text(key.master);
  const auto written = io::write_secret_file(access.key_file, text.bytes(), io::WriteMode::Create);
  if (!written) return fail(written.error().detail);
  return key;
}

}  // namespace

Status<std::string> OpenedVault::save(io::WriteMode mode) const {
  security::VaultNonce nonce;
  io::fill_random(nonce);
  const Secret plain = security::encode(contents);
  const auto written = io::write_secret_file(file_, security::seal(key_, nonce, plain), mode);
  if (!written) return fail(written.error().detail);
  return Done{};
}

Result<OpenedVault, std::string> VaultStore::open(const VaultAccess& access) {
  io::forbid_core_files();
  // Sealed, but read like the secret that it keeps: in memory of its own, and never when others may write it.
  const auto file = io::read_secret_file(access.vault, security::vault_file_max);
  if (!file && file.error().error == io::SecretFileError::Missing)
    return fail(told(access.vault, "there is no vault there; `ats keys add` makes one"));
  if (!file) return fail(file.error().detail);
  const auto header = security::read_vault_header(file->bytes());
  if (!header) return fail(explain(access, header.error()));
  auto key = key_for(access, *header);
  if (!key) return fail(key.error());
  const auto plain = security::unseal(*key, file->bytes());
  if (!plain) return fail(explain(access, plain.error()));
  auto contents = security::decode_contents(*plain);
  if (!contents) return fail(explain(access, contents.error()));
  OpenedVault opened;
  opened.contents = std::move(*contents);
  opened.file_ = access.vault;
  opened.key_ = std::move(*key);
  return opened;
}

Result<OpenedVault, std::string> VaultStore::open_to_change(const VaultAccess& access) {
  auto lock = io::SecretFileLock::take(access.vault);
  if (!lock) return fail(lock.error().detail);
  auto opened = open(access);
  if (opened) opened->lock_.emplace(std::move(*lock));
  return opened;
}

Result<OpenedVault, std::string> VaultStore::make(const VaultAccess& access) {
  io::forbid_core_files();
  auto lock = io::SecretFileLock::take(access.vault);
  if (!lock) return fail(lock.error().detail);
  auto key = new_key(access);
  if (!key) return fail(key.error());
  OpenedVault made;
  made.file_ = access.vault;
  made.key_ = std::move(*key);
  made.lock_.emplace(std::move(*lock));
  return made;
}

Result<VaultKey, std::string> VaultStore::new_key(const VaultAccess& access) {
  io::forbid_core_files();
  if (!access.key_file.empty()) {
    std::error_code ec;
    if (std::filesystem::exists(access.key_file, ec)) return key_from_file(access);
    return make_key_file(access);
  }
  const auto passphrase = read_passphrase(access, true);
  if (!passphrase) return fail(passphrase.error());
  if (passphrase->size() < passphrase_min) {
    return fail(
        fmt::format("a passphrase needs at least {} characters; several words are easiest "
                    "to keep in mind",
                    passphrase_min));
  }
  security::VaultSalt salt;
  io::fill_random(salt);
  auto key = security::vault_key(*passphrase, salt, security::Argon2{});
  if (!key) return fail(explain(access, key.error()));
  return std::move(*key);
}

}  // namespace ats::services
