#include "io/websocket_deflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/assert.hpp"

namespace ats::io {

namespace {

// Every compressed message ends with an empty block whose last four bytes are left out on the wire.
constexpr std::string_view tail("\x00\x00\xff\xff", 4);
constexpr std::size_t window_max = 32 * 1024;

unsigned char* raw(std::string_view bytes) {
  // zlib only reads what next_in points at, but was declared before `const` was common.
  return reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
}

}  // namespace

struct Inflater::Impl {
  z_stream z{};
};

Inflater::Inflater(const DeflateAgreement& agreement)
    : afresh_(agreement.receive_afresh), impl_(std::make_unique<Impl>()) {
  // Compressors that were asked for a window of 256 bytes have long used 512 in silence.
  const int bits = std::max(agreement.receive_bits, 9);
  ATS_ASSERT(inflateInit2(&impl_->z, -bits) == Z_OK);
}

Inflater::~Inflater() { inflateEnd(&impl_->z); }

Inflater::Step Inflater::run(std::string_view bytes, ByteQueue& out, std::size_t max) {
  constexpr std::size_t room_min = 4096;
  z_stream& z = impl_->z;
  z.next_in = raw(bytes);
  z.avail_in = static_cast<uInt>(bytes.size());
  while (true) {
    // One byte past the limit shows that there is more than the limit.
    const std::size_t room = std::min(std::max(room_min, bytes.size() * 4), max + 1 - out.size());
    z.next_out = reinterpret_cast<unsigned char*>(out.prepare(room));
    z.avail_out = static_cast<uInt>(room);
    const int result = inflate(&z, Z_SYNC_FLUSH);
    out.commit(room - z.avail_out);
    if (out.size() > max) return Step::TooLarge;
    if (result == Z_STREAM_END) {
      // A block marked as the last one ends this stream but not the message, nor the window (RFC 7692
      // section 7.2.3.4).
      unsigned char window[window_max];
      uInt size = 0;
      ATS_ASSERT(inflateGetDictionary(&z, window, &size) == Z_OK);
      ATS_ASSERT(inflateReset(&z) == Z_OK);
      ATS_ASSERT(inflateSetDictionary(&z, window, size) == Z_OK);
      if (z.avail_in == 0) return Step::Done;
      continue;
    }
    if (result != Z_OK && result != Z_BUF_ERROR) return Step::Damaged;
    if (z.avail_in == 0 && z.avail_out != 0) return Step::Done;
  }
}

Inflater::Step Inflater::feed(std::string_view bytes, ByteQueue& out, std::size_t max) {
  return bytes.empty() ? Step::Done : run(bytes, out, max);
}

Inflater::Step Inflater::finish(ByteQueue& out, std::size_t max) {
  const Step step = run(tail, out, max);
  if (step != Step::Done) return step;
  constexpr int between_blocks = 128;
  if ((impl_->z.data_type & between_blocks) == 0) return Step::Damaged;
  if (afresh_) ATS_ASSERT(inflateReset(&impl_->z) == Z_OK);
  return Step::Done;
}

struct Deflater::Impl {
  z_stream z{};
};

Deflater::Deflater(const DeflateAgreement& agreement, int level)
    : afresh_(agreement.send_afresh), impl_(std::make_unique<Impl>()), out_(1024) {
  constexpr int memory_level = 8;
  ATS_ASSERT(agreement.may_send && deflateInit2(&impl_->z, level, Z_DEFLATED, -agreement.send_bits,
                                                memory_level, Z_DEFAULT_STRATEGY) == Z_OK);
}

Deflater::~Deflater() { deflateEnd(&impl_->z); }

std::string_view Deflater::message(std::string_view payload) {
  // zlib flushes nothing when nothing was put in; section 7.2.3.6 has this byte for it.
  if (payload.empty()) return {"\0", 1};
  z_stream& z = impl_->z;
  out_.clear();
  z.next_in = raw(payload);
  z.avail_in = static_cast<uInt>(payload.size());
  do {
    const std::size_t room = std::max<std::size_t>(1024, payload.size() / 2);
    z.next_out = reinterpret_cast<unsigned char*>(out_.prepare(room));
    z.avail_out = static_cast<uInt>(room);
    const int result = deflate(&z, Z_SYNC_FLUSH);
    ATS_ASSERT(result == Z_OK || result == Z_BUF_ERROR);
    out_.commit(room - z.avail_out);
  } while (z.avail_out == 0);
  if (afresh_) ATS_ASSERT(deflateReset(&z) == Z_OK);
  const std::string_view all = out_.view();
  ATS_ASSERT(all.ends_with(tail));
  return all.substr(0, all.size() - tail.size());
}

}  // namespace ats::io
