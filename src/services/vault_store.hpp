// A vault on disk: made, opened, changed and sealed again. Every error is one line that says what is wrong and what to
// do about it, and none of them contains what a file holds.
//
// Invariants: before anything secret is read the process has given up core files. A vault that is open to be changed
// is open to no other process. What could not be written leaves the old vault whole.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "io/secret_file.hpp"
#include "security/vault.hpp"
#include "security/vault_contents.hpp"

namespace ats::services {

// Where the key to a vault comes from: a key file, or a passphrase from one of the others.
struct VaultAccess {
  std::filesystem::path vault;
  std::filesystem::path key_file;         // empty: a passphrase
  std::filesystem::path passphrase_file;  // empty: from the descriptor or the terminal
  int passphrase_descriptor = -1;         // -1: from the terminal
};

constexpr std::size_t passphrase_min = 12;
constexpr std::size_t passphrase_max = 1024;

class OpenedVault {
 public:
  security::VaultContents contents;

  const std::filesystem::path& file() const { return file_; }
  // False: secrets lie in memory that may be swapped out (ulimit -l).
  bool locked_in_memory() const { return key_.master.locked(); }
  // Seals the contents as they are now.
  Status<std::string> save(io::WriteMode mode = io::WriteMode::Replace) const;
  // Another passphrase or key file from the next save() on.
  void change_key(security::VaultKey key) { key_ = std::move(key); }

 private:
  friend class VaultStore;
  std::filesystem::path file_;
  security::VaultKey key_;
  std::optional<io::SecretFileLock> lock_;
};

class VaultStore {
 public:
  // To read it.
  static Result<OpenedVault, std::string> open(const VaultAccess& access);
  // To change it: nobody else may until it is gone.
  static Result<OpenedVault, std::string> open_to_change(const VaultAccess& access);
  // An empty one that is not on disk yet: save(io::WriteMode::Create). A key file that is named and not there is
  // made; a passphrase is asked for twice.
  static Result<OpenedVault, std::string> make(const VaultAccess& access);
  // The key for a new lock, as with make().
  static Result<security::VaultKey, std::string> new_key(const VaultAccess& access);
};

}  // namespace ats::services
