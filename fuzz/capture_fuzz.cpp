// Capture segments from anywhere: what is no capture is refused by name, what is one is read, and a sound
// one with any bytes changed is never read as other records.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "io/capture_format.hpp"

using namespace ats;
using namespace ats::io;

namespace {

using Bytes = std::span<const std::byte>;

struct Read {
  std::vector<std::string> records;
  bool damaged = false;
  bool torn = false;
};

std::string text_of(const CaptureRecord& r) {
  std::string out = std::to_string(static_cast<int>(r.kind)) + " " + std::to_string(r.ns) + " " +
                    std::to_string(r.status) + " " + std::to_string(r.lost_records) + " " +
                    std::to_string(r.lost_bytes) + " " + r.from->venue + " " + r.from->connection +
                    " " + r.from->url + " ";
  out.append(r.url).append(" ").append(r.data);
  return out;
}

Read read_segment(Bytes bytes) {
  Read out;
  const auto segment = CaptureSegment::parse(bytes, true);
  if (!segment) {
    ATS_ASSERT(!segment.error().detail.empty());
    out.damaged = true;
    return out;
  }
  out.torn = segment->torn.has_value() || !segment->closed;
  if (segment->torn) ATS_ASSERT(segment->torn->offset + segment->torn->bytes == bytes.size());
  CaptureUnpacker unpacker;
  CaptureStreams streams;
  for (const CaptureBlock& block : segment->blocks) {
    const auto plain = unpacker.unpack(bytes, block.offset);
    CaptureBlockReader reader;
    if (!plain || !reader.open(*plain, block, streams)) {
      out.damaged = true;
      return out;
    }
    CaptureRecord record;
    while (reader.next(record)) {
      ATS_ASSERT(record.ns >= block.earliest && record.ns <= block.latest);
      out.records.push_back(text_of(record));
    }
    if (reader.failed()) {
      out.damaged = true;
      return out;
    }
  }
  return out;
}

// A block's plain bytes as they might be behind a sound checksum.
void read_plain(Bytes bytes) {
  CaptureBlock block;
  block.first_record = 1;
  block.records = 1000;
  block.earliest = 0;
  block.latest = INT64_MAX;
  CaptureStreams streams;
  CaptureBlockReader reader;
  if (!reader.open(bytes, block, streams)) return;
  CaptureRecord record;
  while (reader.next(record)) ATS_ASSERT(record.from != nullptr);
}

struct Sound {
  std::vector<std::byte> bytes;
  Read read;
};

const Sound& sound() {
  static const Sound made = [] {
    Sound s;
    s.bytes = capture_segment_header(3, 1, 100);
    CaptureBlockWriter writer(3);
    const std::vector<std::byte> preamble(50, std::byte{9});
    writer.put_preamble(preamble, 100, s.bytes);
    std::vector<CaptureBlock> blocks;
    std::uint64_t number = 100;
    for (int b = 0; b < 3; ++b) {
      for (int i = 0; i < 10; ++i) {
        CaptureRecord r;
        r.kind = static_cast<CaptureKind>(1 + (b + i) % 9);
        r.ns = 1'700'000'000'000'000'000 + b * 1000 + i;
        r.stream = static_cast<std::uint32_t>(i % 2);
        const std::string data = "a frame of some length " + std::to_string(i);
        r.data = data;
        r.url = "u";
        r.status = 200;
        r.lost_records = 5;
        writer.add(r, {"kraken", "market", "ws://x"});
      }
      blocks.push_back(
          {s.bytes.size(), number, writer.records(), writer.earliest(), writer.latest()});
      writer.finish(number, s.bytes);
      number += 10;
    }
    writer.put_end(blocks, number, s.bytes.size(), s.bytes);
    s.read = read_segment(s.bytes);
    ATS_ASSERT(s.read.records.size() == 30 && !s.read.damaged && !s.read.torn);
    return s;
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes rest = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 4) {
    case 0:
      read_segment(rest);
      break;
    case 1:
      read_plain(rest);
      break;
    case 2: {  // bytes of a sound segment changed
      std::vector<std::byte> bytes = sound().bytes;
      for (std::size_t i = 0; i + 2 < rest.size(); i += 3) {
        const std::size_t at =
            (static_cast<std::size_t>(rest[i]) << 8 | static_cast<std::size_t>(rest[i + 1])) %
            bytes.size();
        bytes[at] ^= rest[i + 2];
      }
      const Read read = read_segment(bytes);
      // The preamble is not read here; all else is under a checksum that is.
      if (!read.damaged && !read.torn) ATS_ASSERT(read.records == sound().read.records);
      break;
    }
    default: {  // a sound segment cut, with something behind it
      if (rest.size() < 2) return 0;
      const std::size_t at =
          (static_cast<std::size_t>(rest[0]) << 8 | static_cast<std::size_t>(rest[1])) %
          sound().bytes.size();
      std::vector<std::byte> bytes(sound().bytes.begin(),
                                   sound().bytes.begin() + static_cast<std::ptrdiff_t>(at));
      bytes.insert(bytes.end(), rest.begin() + 2, rest.end());
      const Read read = read_segment(bytes);
      if (read.damaged) break;
      ATS_ASSERT(read.records.size() <= 30);
      ATS_ASSERT(
          std::equal(read.records.begin(), read.records.end(), sound().read.records.begin()));
    }
  }
  return 0;
}
