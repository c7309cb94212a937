// Files that hold secrets: read only when nobody else could have read or written them, written so that there is
// always a whole one.
//
// Invariants: a file is judged by what was opened, not by what its name meant a moment before, so a symbolic link is
// judged by the file it leads to. What is read goes into locked memory and nowhere else. After a write that
// failed, or a power loss in the middle of one, the old file is still there, whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/result.hpp"
#include "security/secret.hpp"

namespace ats::io {

enum class SecretFileError : std::uint8_t {
  Missing,       // there is none
  Unreadable,    // the system says no
  NotAFile,      // a folder, a device, a pipe
  NotOurs,       // another user's
  OpenToOthers,  // its group or others may read or write it
  TooLarge,
  Exists,      // where a new one was to be made
  NotWritten,  // disk full, read-only, …
};
const char* name(SecretFileError error);

struct SecretFileFailure {
  SecretFileError error = SecretFileError::Unreadable;
  std::string detail;  // one line: which file, what is wrong, what to do about it
};

Result<security::Secret, SecretFileFailure> read_secret_file(const std::filesystem::path& file,
                                                             std::size_t size_max);
// One line, without its end, read byte by byte, so that what follows it stays to be read.
Result<security::Secret, SecretFileFailure> read_secret_line(int descriptor, std::size_t size_max);
// From where a file descriptor stands to its end. The caller keeps the descriptor.
Result<security::Secret, SecretFileFailure> read_secret(int descriptor, std::size_t size_max);

enum class WriteMode : std::uint8_t { Create, Replace };
// Mode 0600. Into a file beside it, to the disk, renamed, and the rename to the disk. A link is followed: what it
// leads to is replaced. Create never replaces, whoever else writes meanwhile.
Status<SecretFileFailure> write_secret_file(const std::filesystem::path& file,
                                            std::span<const std::uint8_t> bytes, WriteMode mode);

// One process at a time changes the file: held from reading it to having written it. Uses a file of its own beside
// it ("….lock"), since the file itself is another one after each write.
class SecretFileLock {
 public:
  static Result<SecretFileLock, SecretFileFailure> take(const std::filesystem::path& file);
  ~SecretFileLock();
  SecretFileLock(SecretFileLock&& other) noexcept;
  SecretFileLock& operator=(SecretFileLock&&) = delete;

 private:
  explicit SecretFileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

// From then on a crash of this process leaves no core file, and no other process of the user can look into its
// memory.
void forbid_core_files();

// Bytes that nobody can guess, from the system.
void fill_random(std::span<std::uint8_t> out);

}  // namespace ats::io
