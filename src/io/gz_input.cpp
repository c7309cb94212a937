#include "io/gz_input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ats::io {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} << 10;
constexpr unsigned char magic[] = {0x1f, 0x8b};
constexpr char zstd_magic[] = {'\x28', '\xb5', '\x2f', '\xfd'};

unsigned char byte(char c) { return static_cast<unsigned char>(c); }

}  // namespace

Result<std::unique_ptr<GzInput>, std::string> GzInput::open(const std::string& path) {
  if (path == "-") return std::unique_ptr<GzInput>(new GzInput(::dup(STDIN_FILENO), 0));
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  std::unique_ptr<GzInput> input(new GzInput(fd, 0));
  struct stat about = {};
  if (::fstat(fd, &about) != 0) return fail(std::string("cannot be looked at"));
  if (S_ISDIR(about.st_mode)) return fail(std::string("is a folder, expected a file"));
  if (S_ISREG(about.st_mode)) input->size_bytes_ = static_cast<std::uint64_t>(about.st_size);
  return input;
}

GzInput::GzInput(int fd, std::uint64_t size)
    : fd_(fd), size_bytes_(size), file_(chunk_bytes), plain_(4 * chunk_bytes) {}

GzInput::~GzInput() {
  if (stream_) inflateEnd(stream_.get());
  ZSTD_freeDCtx(zstd_);
  if (fd_ >= 0) ::close(fd_);
}

Result<std::size_t, std::string> GzInput::fill() {
  if (at_ != 0) {
    std::memmove(file_.data(), file_.data() + at_, filled_ - at_);
    filled_ -= at_;
    at_ = 0;
  }
  while (true) {
    const ssize_t got = ::read(fd_, file_.data() + filled_, file_.size() - filled_);
    if (got >= 0) {
      filled_ += static_cast<std::size_t>(got);
      read_bytes_ += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) return fail(fmt::format("cannot be read: {}", std::strerror(errno)));
  }
}

Result<std::string_view, std::string> GzInput::read() {
  if (form_ == Form::Unknown) {
    while (filled_ < sizeof zstd_magic) {
      const auto got = fill();
      if (!got) return fail(got.error());
      if (*got == 0) break;
    }
    form_ = filled_ >= sizeof magic && byte(file_[0]) == magic[0] && byte(file_[1]) == magic[1]
                ? Form::Gzip
                : Form::Plain;
    if (filled_ >= sizeof zstd_magic && std::memcmp(file_.data(), zstd_magic, 4) == 0)
      form_ = Form::Zstd;
  }
  if (form_ == Form::Gzip) return inflate_some();
  if (form_ == Form::Zstd) return unpack_some();
  if (at_ == filled_) {
    const auto got = fill();
    if (!got) return fail(got.error());
  }
  const std::string_view bytes(file_.data() + at_, filled_ - at_);
  at_ = filled_;
  return bytes;
}

Result<std::string_view, std::string> GzInput::inflate_some() {
  if (!stream_) {
    stream_ = std::make_unique<z_stream_s>();
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(stream_.get(), gzip_only) != Z_OK)
      return fail(std::string("zlib has no memory"));
    in_member_ = true;
  }
  while (true) {
    if (at_ == filled_) {
      const auto got = fill();
      if (!got) return fail(got.error());
      if (*got == 0) {
        if (in_member_) return fail(damage("gzip data ends too early: the file was cut"));
        return std::string_view();
      }
    }
    if (!in_member_) {
      // Another member, or bytes that are not gzip's.
      if (byte(file_[at_]) != magic[0])
        return fail(damage("something stands behind the gzip data"));
      inflateReset(stream_.get());
      in_member_ = true;
    }
    z_stream& z = *stream_;
    z.next_in = reinterpret_cast<Bytef*>(file_.data() + at_);
    z.avail_in = static_cast<uInt>(filled_ - at_);
    z.next_out = reinterpret_cast<Bytef*>(plain_.data());
    z.avail_out = static_cast<uInt>(plain_.size());
    const int outcome = inflate(&z, Z_NO_FLUSH);
    at_ = filled_ - z.avail_in;
    if (outcome == Z_STREAM_END) {
      in_member_ = false;
    } else if (outcome != Z_OK && outcome != Z_BUF_ERROR) {
      return fail(damage(z.msg != nullptr ? z.msg : "gzip data is damaged"));
    }
    const std::size_t made = plain_.size() - z.avail_out;
    if (made != 0) return std::string_view(plain_.data(), made);
  }
}

Result<std::string_view, std::string> GzInput::unpack_some() {
  if (zstd_ == nullptr) {
    zstd_ = ZSTD_createDCtx();
    if (zstd_ == nullptr) return fail(std::string("zstd has no memory"));
    in_member_ = true;
  }
  while (true) {
    // When the last piece filled its room there may be more without another byte of the file.
    if (at_ == filled_ && !std::exchange(more_inside_, false)) {
      const auto got = fill();
      if (!got) return fail(got.error());
      if (*got == 0) {
        if (in_member_) return fail(damage("zstd data ends too early: the file was cut"));
        return std::string_view();
      }
    }
    ZSTD_inBuffer in{file_.data(), filled_, at_};
    ZSTD_outBuffer out{plain_.data(), plain_.size(), 0};
    const std::size_t outcome = ZSTD_decompressStream(zstd_, &out, &in);
    at_ = in.pos;
    if (ZSTD_isError(outcome) != 0) return fail(damage(ZSTD_getErrorName(outcome)));
    in_member_ = outcome != 0;
    more_inside_ = in_member_ && out.pos == out.size;
    if (out.pos != 0) return std::string_view(plain_.data(), out.pos);
  }
}

std::string GzInput::damage(const char* what) const {
  return fmt::format("damaged at byte {}: {}", read_bytes_ - (filled_ - at_), what);
}

Result<std::optional<std::string_view>, std::string> LineReader::next() {
  using Line = std::optional<std::string_view>;
  if (over_) return Line();
  carried_.clear();
  ++line_;
  while (true) {
    const std::size_t end = chunk_.find('\n');
    if (end != std::string_view::npos) {
      std::string_view line = chunk_.substr(0, end);
      chunk_.remove_prefix(end + 1);
      if (!carried_.empty()) line = carried_.append(line);
      if (line.ends_with('\r')) line.remove_suffix(1);
      return Line(line);
    }
    carried_ += chunk_;
    if (carried_.size() > line_max) {
      over_ = true;
      return fail(fmt::format("the line is longer than {} MiB", line_max >> 20));
    }
    const auto more = source_->read();
    if (!more) {
      over_ = true;
      return fail(more.error());
    }
    chunk_ = *more;
    if (chunk_.empty()) {
      over_ = true;
      if (carried_.empty()) {
        --line_;
        return Line();
      }
      return Line(carried_);
    }
  }
}

}  // namespace ats::io
