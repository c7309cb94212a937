// Reads recordings: a plain, gzip or zstd file (told apart by its first bytes) as one run of plain bytes, and
// that run as lines. Packed files prove themselves: one that was cut, changed (zstd: where it was packed with
// a checksum) or has something behind its end is an error that says where, never a shorter file. Several gzip
// members or zstd frames in a row are one file, as gzip(1) and zstd(1) read them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

struct z_stream_s;
struct ZSTD_DCtx_s;

namespace ats::io {

// Plain bytes from somewhere. Errors are sentences without the file's name: who asked for the file knows it.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next bytes; empty at the end, for good. Valid until the next call.
  virtual Result<std::string_view, std::string> read() = 0;
};

class GzInput final : public ByteSource {
 public:
  // "-" is standard input. A folder or what cannot be opened is an error.
  static Result<std::unique_ptr<GzInput>, std::string> open(const std::string& path);
  ~GzInput() override;
  GzInput(const GzInput&) = delete;
  GzInput& operator=(const GzInput&) = delete;

  Result<std::string_view, std::string> read() override;

  // For showing progress: bytes of the file read so far and in all (0: a pipe does not tell).
  std::uint64_t read_bytes() const { return read_bytes_; }
  std::uint64_t size_bytes() const { return size_bytes_; }

 private:
  enum class Form : std::uint8_t { Unknown, Plain, Gzip, Zstd };

  GzInput(int fd, std::uint64_t size);
  Result<std::size_t, std::string>
  fill();  // more file bytes behind the ones left; 0: there are none
  Result<std::string_view, std::string> inflate_some();
  Result<std::string_view, std::string> unpack_some();
  std::string damage(const char* what) const;

  int fd_;
  std::uint64_t size_bytes_;
  std::uint64_t read_bytes_ = 0;
  Form form_ = Form::Unknown;
  std::vector<char> file_;  // bytes of the file: [at_, filled_) are not used yet
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  std::vector<char> plain_;
  std::unique_ptr<z_stream_s> stream_;
  ZSTD_DCtx_s* zstd_ = nullptr;
  bool more_inside_ = false;  // zstd may give more before it takes more
  bool in_member_ = false;    // between the head of a gzip member or zstd frame and its end
};

class LineReader {
 public:
  // A line longer than this is damage, not data.
  static constexpr std::size_t line_max = std::size_t{256} << 20;

  // `source` outlives the reader.
  explicit LineReader(ByteSource& source) : source_(&source) {}

  // The next line without its end (LF or CR LF), the last one with or without an end; nothing after it.
  // Valid until the next call.
  Result<std::optional<std::string_view>, std::string> next();
  // Of the line that next() gave last, from 1. After an error: of the line that could not be read.
  std::uint64_t line() const { return line_; }

 private:
  ByteSource* source_;
  std::string_view chunk_;  // of source_: bytes not given out yet
  std::string carried_;     // the line's beginning, from chunks before
  bool over_ = false;
  std::uint64_t line_ = 0;
};

}  // namespace ats::io
