#include "io/capture_format.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"
#include "base/crc32.hpp"

namespace ats::io {
namespace {

using Bytes = std::span<const std::byte>;

constexpr char segment_magic[4] = {'A', 'T', 'S', 'C'};
constexpr char block_magic[4] = {'A', 'T', 'S', 'B'};
constexpr char end_magic[4] = {'A', 'T', 'S', 'E'};
enum BlockKind : std::uint8_t { preamble_block = 1, records_block = 2, index_block = 3 };

struct SegmentHeader {
  char magic[4];
  std::uint16_t format;
  std::uint16_t codec;
  std::uint64_t number;
  std::uint64_t first_record;
  std::uint32_t zero;
  std::uint32_t crc;
};
static_assert(sizeof(SegmentHeader) == 32);

struct BlockHeader {
  char magic[4];
  std::uint8_t kind;
  std::uint8_t packing;
  std::uint16_t zero;
  std::uint32_t stored;
  std::uint32_t plain;
  std::uint32_t records;
  std::uint32_t crc;
  std::uint64_t first_record;
  std::int64_t earliest;
  std::int64_t latest;
  std::uint32_t zero2;
  std::uint32_t header_crc;
};
static_assert(sizeof(BlockHeader) == 56);

struct Trailer {
  char magic[4];
  std::uint32_t blocks;
  std::uint64_t index_offset;
  std::uint32_t zero;
  std::uint32_t crc;
};
static_assert(sizeof(Trailer) == 24);

constexpr std::size_t index_entry = 36;

// The last four bytes of each head are the checksum of what stands before them.
template <class Head>
std::uint32_t head_crc(const Head& head) {
  return crc32c(std::as_bytes(std::span(&head, 1)).first(sizeof head - 4));
}

template <class T>
T read_at(Bytes bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <class T>
void append(std::vector<std::byte>& out, const T& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

bool sound(const BlockHeader& head) {
  return std::memcmp(head.magic, block_magic, 4) == 0 && head.header_crc == head_crc(head);
}

CaptureError error(CaptureFault fault, std::size_t offset, std::string_view what) {
  return {fault, fmt::format("at byte {}: {}", offset, what)};
}

// ---- varints -----------------------------------------------------------------------------------------

void put_varint(std::vector<std::byte>& out, std::uint64_t n) {
  std::byte bytes[10];
  std::size_t size = 0;
  for (; n >= 0x80; n >>= 7) bytes[size++] = static_cast<std::byte>(n | 0x80);
  bytes[size++] = static_cast<std::byte>(n);
  out.insert(out.end(), bytes, bytes + size);
}

void put_text(std::vector<std::byte>& out, std::string_view text) {
  put_varint(out, text.size());
  const auto bytes = std::as_bytes(std::span(text));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

std::uint64_t zigzag(std::int64_t n) {
  return (static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63);
}
std::int64_t unzigzag(std::uint64_t n) {
  return static_cast<std::int64_t>((n >> 1) ^ (~(n & 1) + 1));
}

bool get_varint(const std::byte*& at, const std::byte* end, std::uint64_t& out) {
  std::uint64_t n = 0;
  for (unsigned shift = 0; at != end && shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint64_t>(*at++);
    if (shift == 63 && byte > 1) return false;
    n |= (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      out = n;
      return true;
    }
  }
  return false;
}

bool get_text(const std::byte*& at, const std::byte* end, std::string_view& out) {
  std::uint64_t size = 0;
  if (!get_varint(at, end, size) || size > static_cast<std::uint64_t>(end - at)) return false;
  out = {reinterpret_cast<const char*>(at), static_cast<std::size_t>(size)};
  at += size;
  return true;
}

// ---- the frame of a segment ---------------------------------------------------------------------------

// Whether a sound head of a block with a later record stands anywhere behind `from`: then what is wrong
// before it is damage and not the end that a crash left.
bool block_follows(Bytes bytes, std::size_t from, std::uint64_t at_least) {
  for (std::size_t at = from; at + sizeof(BlockHeader) <= bytes.size(); ++at) {
    const void* found = std::memchr(bytes.data() + at, block_magic[0], bytes.size() - at);
    if (found == nullptr) return false;
    at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
    if (at + sizeof(BlockHeader) > bytes.size()) return false;
    const auto head = read_at<BlockHeader>(bytes, at);
    if (sound(head) && head.first_record >= at_least) return true;
  }
  return false;
}

bool ends_with_trailer(Bytes bytes) {
  if (bytes.size() < sizeof(SegmentHeader) + sizeof(Trailer)) return false;
  const auto trailer = read_at<Trailer>(bytes, bytes.size() - sizeof(Trailer));
  return std::memcmp(trailer.magic, end_magic, 4) == 0 && trailer.crc == head_crc(trailer);
}

// One walk from head to head.
class Walk {
 public:
  Walk(Bytes bytes, bool may_be_torn) : bytes_(bytes), may_be_torn_(may_be_torn) {}

  Result<CaptureSegment, CaptureError> run() {
    if (auto wrong = header()) return fail(*std::move(wrong));
    if (segment_.torn) return segment_;
    const bool whole = ends_with_trailer(bytes_);
    while (at_ < bytes_.size()) {
      if (indexed_) {
        if (auto wrong = trailer(whole)) return fail(*std::move(wrong));
        return segment_;
      }
      if (auto wrong = block(whole)) return fail(*std::move(wrong));
      if (segment_.torn) return segment_;
    }
    if (!may_be_torn_) return fail(error(CaptureFault::Damaged, at_, "the segment has no end"));
    if (indexed_) segment_.torn = CaptureTornTail{*indexed_, at_ - *indexed_, 0};
    return segment_;
  }

 private:
  std::optional<CaptureError> header() {
    if (bytes_.size() < sizeof(SegmentHeader)) {
      // A crash between making the file and writing its head.
      if (!may_be_torn_) return error(CaptureFault::Damaged, 0, "the segment has no head");
      segment_.torn = CaptureTornTail{0, bytes_.size(), {}};
      return std::nullopt;
    }
    const auto head = read_at<SegmentHeader>(bytes_, 0);
    if (std::memcmp(head.magic, segment_magic, 4) != 0)
      return error(CaptureFault::NotACapture, 0, "this is no capture segment (no \"ATSC\")");
    if (head.crc != head_crc(head) || head.zero != 0)
      return error(CaptureFault::Damaged, 0, "the segment's head does not match its checksum");
    if (head.format != capture_format_version) {
      return error(CaptureFault::OtherVersion, 0,
                   fmt::format("written as format {}; this program reads format {}", head.format,
                               capture_format_version));
    }
    segment_.number = head.number;
    segment_.event_codec = head.codec;
    segment_.first_record = segment_.next_record = head.first_record;
    at_ = sizeof head;
    return std::nullopt;
  }

  // What is wrong at the present offset: the end that a crash left, or damage.
  std::optional<CaptureError> broken(std::string_view what, std::optional<std::uint32_t> records) {
    if (!may_be_torn_ || block_follows(bytes_, at_ + 1, segment_.next_record) ||
        ends_with_trailer(bytes_))
      return error(CaptureFault::Damaged, at_, what);
    segment_.torn = CaptureTornTail{at_, bytes_.size() - at_, records};
    return std::nullopt;
  }

  std::optional<CaptureError> block(bool whole) {
    const std::size_t left = bytes_.size() - at_;
    if (left < sizeof(BlockHeader)) return broken("a block's head is cut", {});
    const auto head = read_at<BlockHeader>(bytes_, at_);
    if (!sound(head)) return broken("a block's head does not match its checksum", {});
    const std::size_t size = sizeof head + head.stored;
    if (head.stored > CaptureUnpacker::plain_max || head.plain > CaptureUnpacker::plain_max ||
        head.packing > 1 || head.zero != 0 || head.zero2 != 0)
      return error(CaptureFault::Damaged, at_, "a block's head tells what cannot be");
    if (left < size) return broken("a block is cut", head.records);
    if (head.first_record != segment_.next_record) {
      return error(CaptureFault::Damaged, at_,
                   fmt::format("record {} stands where {} belongs", head.first_record,
                               segment_.next_record));
    }
    // The last block before the end of a segment that was not closed may hold what never reached the
    // disk; all others are checked when they are unpacked.
    const bool last = !whole && left == size;
    if (last && crc32c(bytes_.subspan(at_ + sizeof head, head.stored)) != head.crc)
      return broken("a block does not match its checksum", head.records);
    if (head.kind == preamble_block && at_ == sizeof(SegmentHeader) && head.records == 0) {
      segment_.preamble = at_;
    } else if (head.kind == records_block && head.records != 0) {
      segment_.blocks.push_back({at_, head.first_record, head.records, head.earliest, head.latest});
      segment_.next_record += head.records;
    } else if (head.kind == index_block && head.records == 0) {
      if (auto wrong = index()) return wrong;
      indexed_ = at_;
    } else {
      return error(CaptureFault::Damaged, at_, "a block of no known kind");
    }
    at_ += size;
    return std::nullopt;
  }

  // The index repeats what the heads said.
  std::optional<CaptureError> index() {
    CaptureUnpacker unpacker;
    const auto plain = unpacker.unpack(bytes_, at_);
    if (!plain) return error(CaptureFault::Damaged, at_, "index: " + plain.error());
    bool same = plain->size() == segment_.blocks.size() * index_entry;
    for (std::size_t i = 0; same && i < segment_.blocks.size(); ++i) {
      const CaptureBlock& block = segment_.blocks[i];
      const Bytes entry = plain->subspan(i * index_entry, index_entry);
      same = read_at<std::uint64_t>(entry, 0) == block.offset &&
             read_at<std::uint64_t>(entry, 8) == block.first_record &&
             read_at<std::uint32_t>(entry, 16) == block.records &&
             read_at<std::int64_t>(entry, 20) == block.earliest &&
             read_at<std::int64_t>(entry, 28) == block.latest;
    }
    if (!same)
      return error(CaptureFault::Damaged, at_, "the index names other blocks than there are");
    return std::nullopt;
  }

  std::optional<CaptureError> trailer(bool whole) {
    const std::size_t left = bytes_.size() - at_;
    const auto head = whole && left == sizeof(Trailer) ? read_at<Trailer>(bytes_, at_) : Trailer{};
    if (head.index_offset == *indexed_ && head.blocks == segment_.blocks.size() && head.zero == 0 &&
        left == sizeof(Trailer)) {
      segment_.closed = true;
      return std::nullopt;
    }
    if (may_be_torn_ && left < sizeof(Trailer)) {
      segment_.torn = CaptureTornTail{*indexed_, bytes_.size() - *indexed_, 0};
      return std::nullopt;
    }
    return error(CaptureFault::Damaged, at_, "the segment's end does not match its checksum");
  }

  Bytes bytes_;
  bool may_be_torn_;
  std::size_t at_ = 0;
  std::optional<std::size_t> indexed_;  // offset of the index block, once it was met
  CaptureSegment segment_;
};

}  // namespace

const char* name(CaptureKind kind) {
  switch (kind) {
    case CaptureKind::Text:
      return "text";
    case CaptureKind::Binary:
      return "binary";
    case CaptureKind::SentText:
      return "sent_text";
    case CaptureKind::SentBinary:
      return "sent_binary";
    case CaptureKind::Rest:
      return "rest";
    case CaptureKind::Connect:
      return "connect";
    case CaptureKind::Disconnect:
      return "disconnect";
    case CaptureKind::Event:
      return "event";
    case CaptureKind::Lost:
      return "lost";
  }
  return "?";
}

const char* name(CaptureFault fault) {
  switch (fault) {
    case CaptureFault::CannotOpen:
      return "cannot_open";
    case CaptureFault::InUse:
      return "in_use";
    case CaptureFault::NotACapture:
      return "not_a_capture";
    case CaptureFault::OtherVersion:
      return "other_version";
    case CaptureFault::Damaged:
      return "damaged";
    case CaptureFault::WriteFailed:
      return "write_failed";
  }
  return "?";
}

Result<CaptureSegment, CaptureError> CaptureSegment::parse(Bytes bytes, bool may_be_torn) {
  return Walk(bytes, may_be_torn).run();
}

std::vector<std::byte> capture_segment_header(std::uint64_t number, std::uint16_t event_codec,
                                              std::uint64_t first_record) {
  SegmentHeader head{};
  std::memcpy(head.magic, segment_magic, 4);
  head.format = capture_format_version;
  head.codec = event_codec;
  head.number = number;
  head.first_record = first_record;
  head.crc = head_crc(head);
  std::vector<std::byte> out;
  append(out, head);
  return out;
}

// ---- unpacking ----------------------------------------------------------------------------------------

struct CaptureUnpacker::State {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::vector<std::byte> plain;
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ZSTD_freeDCtx(context); }
};

CaptureUnpacker::CaptureUnpacker() : state_(std::make_unique<State>()) {}
CaptureUnpacker::~CaptureUnpacker() = default;
CaptureUnpacker::CaptureUnpacker(CaptureUnpacker&&) noexcept = default;
CaptureUnpacker& CaptureUnpacker::operator=(CaptureUnpacker&&) noexcept = default;

Result<Bytes, std::string> CaptureUnpacker::unpack(Bytes segment, std::size_t offset) {
  ATS_ASSERT(offset + sizeof(BlockHeader) <= segment.size());
  const auto head = read_at<BlockHeader>(segment, offset);
  if (!sound(head)) return fail(std::string("the block's head does not match its checksum"));
  const Bytes rest = segment.subspan(offset + sizeof head);
  if (head.stored > rest.size()) return fail(std::string("the block is cut"));
  const Bytes stored = rest.first(head.stored);
  if (crc32c(stored) != head.crc) return fail(std::string("the block does not match its checksum"));
  if (head.packing == 0) {
    if (head.plain != head.stored) return fail(std::string("the block's sizes differ"));
    return stored;
  }
  if (head.plain > plain_max) return fail(std::string("the block is too large"));
  // What zstd itself says of the size is asked first: a small block must not take much memory.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != head.plain)
    return fail(std::string("the block does not unpack to the size it tells"));
  state_->plain.resize(head.plain);
  const std::size_t size = ZSTD_decompressDCtx(state_->context, state_->plain.data(), head.plain,
                                               stored.data(), stored.size());
  if (ZSTD_isError(size) != 0 || size != head.plain)
    return fail(std::string("the block does not unpack"));
  return Bytes(state_->plain);
}

// ---- records ------------------------------------------------------------------------------------------

bool CaptureBlockReader::open(Bytes plain, const CaptureBlock& block, CaptureStreams& streams) {
  at_ = plain.data();
  end_ = at_ + plain.size();
  streams_ = &streams;
  stream_ = nullptr;
  block_ = block;
  ns_ = block.earliest;
  number_ = block.first_record;
  left_ = block.records;
  failed_ = true;
  std::uint64_t count = 0;
  if (!get_varint(at_, end_, count)) return false;
  for (; count > 0; --count) {
    std::uint64_t id = 0;
    std::string_view venue;
    std::string_view connection;
    std::string_view url;
    if (!get_varint(at_, end_, id) || id > 0xffff'ffff || !get_text(at_, end_, venue) ||
        !get_text(at_, end_, connection) || !get_text(at_, end_, url))
      return false;
    streams.insert_or_assign(
        static_cast<std::uint32_t>(id),
        CaptureStream{std::string(venue), std::string(connection), std::string(url)});
  }
  failed_ = false;
  return true;
}

bool CaptureBlockReader::next(CaptureRecord& out) {
  if (failed_) return false;
  if (left_ == 0) {
    failed_ = at_ != end_;
    return false;
  }
  failed_ = true;
  if (at_ == end_) return false;
  const auto kind = static_cast<std::uint8_t>(*at_++);
  std::uint64_t stream = 0;
  std::uint64_t delta = 0;
  if (kind < 1 || kind >= capture_kind_count || !get_varint(at_, end_, stream) ||
      !get_varint(at_, end_, delta))
    return false;
  if (stream_ == nullptr || stream != stream_id_) {
    const auto known =
        stream > 0xffff'ffff ? streams_->end() : streams_->find(static_cast<std::uint32_t>(stream));
    if (known == streams_->end()) return false;
    stream_ = &known->second;
    stream_id_ = known->first;
  }
  if (__builtin_add_overflow(ns_, unzigzag(delta), &ns_)) return false;
  if (ns_ < block_.earliest || ns_ > block_.latest) return false;
  out = {};
  out.kind = static_cast<CaptureKind>(kind);
  out.ns = ns_;
  out.stream = stream_id_;
  out.from = stream_;
  out.number = number_;
  switch (out.kind) {
    case CaptureKind::Rest: {
      std::uint64_t status = 0;
      if (!get_varint(at_, end_, status) || status > 999 || !get_text(at_, end_, out.url))
        return false;
      out.status = static_cast<std::uint32_t>(status);
      if (!get_text(at_, end_, out.data)) return false;
      break;
    }
    case CaptureKind::Connect:
      break;
    case CaptureKind::Lost:
      if (!get_varint(at_, end_, out.lost_records) || !get_varint(at_, end_, out.lost_bytes))
        return false;
      break;
    default:
      if (!get_text(at_, end_, out.data)) return false;
  }
  failed_ = false;
  ++number_;
  --left_;
  return true;
}

// ---- packing ------------------------------------------------------------------------------------------

struct CaptureBlockWriter::State {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  int level = 3;
  std::vector<std::byte> packed;
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ZSTD_freeCCtx(context); }
};

CaptureBlockWriter::CaptureBlockWriter(int level) : state_(std::make_unique<State>()) {
  state_->level = level;
}
CaptureBlockWriter::~CaptureBlockWriter() = default;

void CaptureBlockWriter::add(const CaptureRecord& record, const CaptureStream& stream) {
  if (count_ == 0) base_ = last_ = earliest_ = latest_ = record.ns;
  if (count_ == 0 || record.stream != last_stream_) {
    streams_.try_emplace(record.stream, stream);
    last_stream_ = record.stream;
  }
  records_.push_back(static_cast<std::byte>(record.kind));
  put_varint(records_, record.stream);
  // The first counts from the earliest, which is known at the end: finish() puts it in front.
  if (count_ != 0) {
    put_varint(records_, zigzag(record.ns - last_));
  } else {
    first_time_at_ = records_.size();
  }
  last_ = record.ns;
  earliest_ = std::min(earliest_, record.ns);
  latest_ = std::max(latest_, record.ns);
  switch (record.kind) {
    case CaptureKind::Rest:
      put_varint(records_, record.status);
      put_text(records_, record.url);
      put_text(records_, record.data);
      break;
    case CaptureKind::Connect:
      break;
    case CaptureKind::Lost:
      put_varint(records_, record.lost_records);
      put_varint(records_, record.lost_bytes);
      break;
    default:
      put_text(records_, record.data);
  }
  ++count_;
}

void CaptureBlockWriter::finish(std::uint64_t first_record, std::vector<std::byte>& out) {
  ATS_ASSERT(count_ != 0);
  plain_.clear();
  put_varint(plain_, streams_.size());
  for (const auto& [id, stream] : streams_) {
    put_varint(plain_, id);
    put_text(plain_, stream.venue);
    put_text(plain_, stream.connection);
    put_text(plain_, stream.url);
  }
  const auto split = records_.begin() + static_cast<std::ptrdiff_t>(first_time_at_);
  plain_.insert(plain_.end(), records_.begin(), split);
  put_varint(plain_, zigzag(base_ - earliest_));
  plain_.insert(plain_.end(), split, records_.end());
  put_block(records_block, plain_, {0, first_record, count_, earliest_, latest_}, out);
  records_.clear();
  streams_.clear();
  count_ = 0;
}

void CaptureBlockWriter::put_preamble(Bytes plain, std::uint64_t first_record,
                                      std::vector<std::byte>& out) {
  put_block(preamble_block, plain, {0, first_record, 0, 0, 0}, out);
}

void CaptureBlockWriter::put_end(std::span<const CaptureBlock> blocks, std::uint64_t next_record,
                                 std::size_t at, std::vector<std::byte>& out) {
  std::vector<std::byte> plain;
  plain.reserve(blocks.size() * index_entry);
  CaptureBlock about{0, next_record, 0, 0, 0};
  for (const CaptureBlock& block : blocks) {
    append(plain, std::uint64_t{block.offset});
    append(plain, block.first_record);
    append(plain, block.records);
    append(plain, block.earliest);
    append(plain, block.latest);
    const bool first = &block == blocks.data();
    about.earliest = first ? block.earliest : std::min(about.earliest, block.earliest);
    about.latest = first ? block.latest : std::max(about.latest, block.latest);
  }
  put_block(index_block, plain, about, out);
  Trailer trailer{};
  std::memcpy(trailer.magic, end_magic, 4);
  trailer.blocks = static_cast<std::uint32_t>(blocks.size());
  trailer.index_offset = at;
  trailer.crc = head_crc(trailer);
  append(out, trailer);
}

void CaptureBlockWriter::put_block(std::uint8_t kind, Bytes plain, const CaptureBlock& about,
                                   std::vector<std::byte>& out) {
  ATS_ASSERT(plain.size() <= CaptureUnpacker::plain_max);
  std::vector<std::byte>& packed = state_->packed;
  packed.resize(ZSTD_compressBound(plain.size()));
  const std::size_t size = ZSTD_compressCCtx(state_->context, packed.data(), packed.size(),
                                             plain.data(), plain.size(), state_->level);
  const bool pays = ZSTD_isError(size) == 0 && size < plain.size();
  const Bytes stored = pays ? Bytes(packed).first(size) : plain;
  BlockHeader head{};
  std::memcpy(head.magic, block_magic, 4);
  head.kind = kind;
  head.packing = pays ? 1 : 0;
  head.stored = static_cast<std::uint32_t>(stored.size());
  head.plain = static_cast<std::uint32_t>(plain.size());
  head.records = about.records;
  head.crc = crc32c(stored);
  head.first_record = about.first_record;
  head.earliest = about.earliest;
  head.latest = about.latest;
  head.header_crc = head_crc(head);
  append(out, head);
  out.insert(out.end(), stored.begin(), stored.end());
}

}  // namespace ats::io
