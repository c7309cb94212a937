#include "io/secret_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "io/descriptor.hpp"

namespace ats::io {
namespace {

using security::Secret;

Failure<SecretFileFailure> failed(SecretFileError error, const std::filesystem::path& file,
                                  std::string_view what) {
  return fail(SecretFileFailure{error, fmt::format("{}: {}", file.string(), what)});
}

std::string said(int error) { return std::strerror(error); }

// Retries what a signal interrupted.
template <class Call>
auto again(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

std::optional<SecretFileFailure> unsafe(const struct stat& info,
                                        const std::filesystem::path& file) {
  if (!S_ISREG(info.st_mode)) {
    return failed(SecretFileError::NotAFile, file, "is no ordinary file").reason;
  }
  if (info.st_uid != ::geteuid()) {
    return failed(SecretFileError::NotOurs, file,
                  fmt::format("belongs to another user (uid {}); run as that user, or chown {} it",
                              info.st_uid, ::geteuid()))
        .reason;
  }
  if ((info.st_mode & 077) != 0) {
    return failed(SecretFileError::OpenToOthers, file,
                  fmt::format("others may read or write it (mode {:04o}); run chmod 600 on it, and "
                              "if others can log in here, replace what is in it",
                              info.st_mode & 07777))
        .reason;
  }
  return std::nullopt;
}

// The file that the name leads to, so that a rename replaces that and not a link to it.
std::filesystem::path target_of(const std::filesystem::path& file) {
  std::error_code ec;
  auto target = std::filesystem::canonical(file, ec);
  return ec ? file : target;
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  const auto folder = file.parent_path();
  return folder.empty() ? std::filesystem::path(".") : folder;
}

// Of a rename or a new name.
bool sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.valid() && ::fsync(opened.get()) == 0;
}

bool write_all(int descriptor, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto written = again([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

const char* name(SecretFileError error) {
  switch (error) {
    case SecretFileError::Missing:
      return "missing";
    case SecretFileError::Unreadable:
      return "unreadable";
    case SecretFileError::NotAFile:
      return "not_a_file";
    case SecretFileError::NotOurs:
      return "not_ours";
    case SecretFileError::OpenToOthers:
      return "open_to_others";
    case SecretFileError::TooLarge:
      return "too_large";
    case SecretFileError::Exists:
      return "exists";
    case SecretFileError::NotWritten:
      return "not_written";
  }
  return "?";
}

Result<Secret, SecretFileFailure> read_secret(int descriptor, std::size_t size_max) {
  // One byte more than is allowed, to see whether there is one.
  Secret room(size_max + 1);
  std::size_t size = 0;
  while (size <= size_max) {
    const auto part =
        again([&] { return ::read(descriptor, room.bytes().data() + size, room.size() - size); });
    if (part < 0) {
      return fail(SecretFileFailure{SecretFileError::Unreadable, "cannot be read: " + said(errno)});
    }
    if (part == 0) return room.clone(size);
    size += static_cast<std::size_t>(part);
  }
  return fail(SecretFileFailure{SecretFileError::TooLarge,
                                fmt::format("is longer than {} bytes", size_max)});
}

Result<Secret, SecretFileFailure> read_secret_line(int descriptor, std::size_t size_max) {
  Secret room(size_max + 1);
  for (std::size_t size = 0; size <= size_max; ++size) {
    std::uint8_t* const byte = room.bytes().data() + size;
    const auto part = again([&] { return ::read(descriptor, byte, 1); });
    if (part < 0) {
      return fail(SecretFileFailure{SecretFileError::Unreadable, "cannot be read: " + said(errno)});
    }
    if (part == 0 || *byte == '\n') {
      const bool carriage = size > 0 && part != 0 && byte[-1] == '\r';
      return room.clone(carriage ? size - 1 : size);
    }
  }
  return fail(SecretFileFailure{SecretFileError::TooLarge,
                                fmt::format("is longer than {} bytes", size_max)});
}

Result<Secret, SecretFileFailure> read_secret_file(const std::filesystem::path& file,
                                                   std::size_t size_max) {
  // Not blocking, so that a pipe in its place is noticed and not waited for.
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!opened.valid()) {
    const int error = errno;
    if (error == ENOENT) return failed(SecretFileError::Missing, file, "there is no such file");
    return failed(SecretFileError::Unreadable, file, "cannot be opened: " + said(error));
  }
  struct stat info {};
  if (::fstat(opened.get(), &info) != 0)
    return failed(SecretFileError::Unreadable, file, "cannot be looked at: " + said(errno));
  if (auto wrong = unsafe(info, file)) return fail(std::move(*wrong));
  // No more locked memory than it takes.
  const auto size = static_cast<std::size_t>(info.st_size);
  auto read = read_secret(opened.get(), size > size_max ? size_max : size);
  if (!read) return failed(read.error().error, file, read.error().detail);
  return read;
}

Status<SecretFileFailure> write_secret_file(const std::filesystem::path& file,
                                            std::span<const std::uint8_t> bytes, WriteMode mode) {
  const std::filesystem::path target = target_of(file);
  std::array<std::uint8_t, 8> random{};
  fill_random(random);
  std::string beside = target.string() + ".";
  for (const std::uint8_t byte : random) beside += fmt::format("{:02x}", byte);
  const Descriptor opened(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!opened.valid()) {
    return failed(SecretFileError::NotWritten, file,
                  "its folder cannot be written to: " + said(errno));
  }
  const bool kept = ::fchmod(opened.get(), 0600) == 0 && write_all(opened.get(), bytes) &&
                    ::fsync(opened.get()) == 0;
  const unsigned flags = mode == WriteMode::Create ? RENAME_NOREPLACE : 0;
  const bool named =
      kept && ::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, target.c_str(), flags) == 0;
  const int error = errno;
  if (!named) ::unlink(beside.c_str());
  if (!named && error == EEXIST) return failed(SecretFileError::Exists, file, "is there already");
  if (!named) return failed(SecretFileError::NotWritten, file, "cannot be written: " + said(error));
  if (!sync_folder(folder_of(target))) {
    return failed(SecretFileError::NotWritten, file,
                  "is in place, but perhaps not on the disk yet: " + said(errno));
  }
  return Done{};
}

Result<SecretFileLock, SecretFileFailure> SecretFileLock::take(const std::filesystem::path& file) {
  const std::string beside = target_of(file).string() + ".lock";
  const int opened = ::open(beside.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (opened < 0) {
    return failed(SecretFileError::NotWritten, file,
                  "its folder cannot be written to: " + said(errno));
  }
  if (again([&] { return ::flock(opened, LOCK_EX); }) != 0) {
    const int error = errno;
    ::close(opened);
    return failed(SecretFileError::NotWritten, file, "cannot be locked: " + said(error));
  }
  return SecretFileLock(opened);
}

SecretFileLock::~SecretFileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

SecretFileLock::SecretFileLock(SecretFileLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

void forbid_core_files() {
  const rlimit none{0, 0};
  // Both can only fail where they are not known; either alone is enough.
  static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
  static_cast<void>(::prctl(PR_SET_DUMPABLE, 0));
}

void fill_random(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const auto got = again([&] { return ::getrandom(out.data(), out.size(), 0); });
    ATS_ASSERT(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace ats::io
