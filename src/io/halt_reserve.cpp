#include "io/halt_reserve.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/bytes.hpp"
#include "base/crc32.hpp"
#include "domain/codec.hpp"

namespace ats::io {
namespace {

// Of all that follows: how many, each a length and an event as a journal holds it.
struct Header {
  std::uint32_t crc = 0;
  std::uint32_t count = 0;
};
using Page = std::array<std::byte, HaltReserve::size>;

std::uint32_t crc_of(const Page& page) {
  return crc32c(std::span<const std::byte>(page).subspan(sizeof(Header::crc)));
}

// False: it does not fit.
bool lay(const std::vector<HaltCommand>& halts, Page& page) {
  page.fill({});
  std::size_t at = sizeof(Header);
  std::vector<std::byte> bytes;
  for (const HaltCommand& halt : halts) {
    bytes.clear();
    encode_event(CommandReceived{halt}, {}, bytes);
    const auto length = static_cast<std::uint32_t>(bytes.size());
    if (page.size() - at < sizeof length + bytes.size()) return false;
    std::memcpy(page.data() + at, &length, sizeof length);
    std::memcpy(page.data() + at + sizeof length, bytes.data(), bytes.size());
    at += sizeof length + bytes.size();
  }
  Header header;
  header.count = static_cast<std::uint32_t>(halts.size());
  std::memcpy(page.data(), &header, sizeof header);
  header.crc = crc_of(page);
  std::memcpy(page.data(), &header, sizeof header);
  return true;
}

// False: damaged.
bool read(const Page& page, std::vector<HaltCommand>& halts) {
  Header header;
  std::memcpy(&header, page.data(), sizeof header);
  if (header.crc != crc_of(page)) return false;
  std::size_t at = sizeof header;
  DecodedEvent decoded;
  for (std::uint32_t n = 0; n < header.count; ++n) {
    std::uint32_t length = 0;
    if (page.size() - at < sizeof length) return false;
    std::memcpy(&length, page.data() + at, sizeof length);
    at += sizeof length;
    if (page.size() - at < length) return false;
    if (!decode_event(std::span<const std::byte>(page).subspan(at, length), decoded).ok())
      return false;
    at += length;
    const auto* received = std::get_if<CommandReceived>(&decoded.event);
    const auto* halt = received == nullptr ? nullptr : std::get_if<HaltCommand>(&received->command);
    if (halt == nullptr) return false;
    halts.push_back(*halt);
  }
  return true;
}

}  // namespace

HaltReserve::HaltReserve(HaltReserve&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), kept_(std::move(other.kept_)) {}

HaltReserve::~HaltReserve() {
  if (fd_ >= 0) ::close(fd_);
}

Result<HaltReserve, std::string> HaltReserve::open(const std::filesystem::path& file) {
  const auto failed = [&](const char* what) {
    return fail(file.string() + ": " + what + ": " + std::strerror(errno));
  };
  HaltReserve reserve(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (reserve.fd_ < 0) return failed("cannot be opened");
  Page page{};
  const ssize_t got = ::pread(reserve.fd_, page.data(), page.size(), 0);
  if (got < 0) return failed("cannot be read");
  if (got == 0) {
    if (!reserve.write()) return failed("there is no room on this disk for it");
    return reserve;
  }
  if (static_cast<std::size_t>(got) != page.size() || !read(page, reserve.kept_)) {
    reserve.kept_.assign(1, HaltCommand{{}, "halt reserve", "kept, and damaged since"});
  }
  return reserve;
}

bool HaltReserve::keep(const HaltCommand& halt) {
  kept_.push_back(halt);
  Page page;
  if (!lay(kept_, page)) {
    kept_.pop_back();
    kept_.back() = {{}, halt.who, halt.reason};
  }
  return write();
}

bool HaltReserve::forget() {
  kept_.clear();
  return write();
}

bool HaltReserve::write() {
  Page page;
  return lay(kept_, page) &&
         ::pwrite(fd_, page.data(), page.size(), 0) == static_cast<ssize_t>(page.size()) &&
         ::fdatasync(fd_) == 0;
}

}  // namespace ats::io
