// What keeping market data costs: handing a frame to the recorder (what the feed's thread pays), writing and
// reading a capture, and the bytes it takes on disk. The baselines keep the same frames as lines of JSON,
// plain with fwrite and through zstd at the same level: what one would do first.
#include <simdjson.h>
#include <zstd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/crc32.hpp"
#include "frames.hpp"
#include "harness.hpp"
#include "io/capture_reader.hpp"
#include "io/capture_recorder.hpp"
#include "io/capture_writer.hpp"

namespace ats::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t begin_ns = 1'700'000'000'000'000'000;
constexpr std::int64_t step_ns = 250'000;
constexpr int level = 3;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "ats_bench: capture: %s\n", what.c_str());
  std::abort();
}

// A folder that goes with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "ats_bench_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) die("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

double per_frame(std::int64_t from, const FrameSet& frames) {
  return static_cast<double>(now_ns() - from) / static_cast<double>(frames.size());
}

double bytes_per_frame(const fs::path& path, const FrameSet& frames) {
  std::uintmax_t bytes = 0;
  if (fs::is_directory(path)) {
    for (const auto& entry : fs::directory_iterator(path)) bytes += entry.file_size();
  } else {
    bytes = fs::file_size(path);
  }
  return static_cast<double>(bytes) / static_cast<double>(frames.size());
}

std::uint32_t digest(std::string_view frame, std::int64_t ns, std::uint32_t before) {
  return crc32c(frame, before) ^ static_cast<std::uint32_t>(ns / 1'000);
}

std::uint32_t digest_of(const FrameSet& frames) {
  std::uint32_t all = 0;
  for (std::size_t i = 0; i < frames.size(); ++i)
    all = digest(frames[i], begin_ns + static_cast<std::int64_t>(i) * step_ns, all);
  return all;
}

// ---- ours ----

void write_capture(const fs::path& folder, const FrameSet& frames) {
  io::CaptureOptions options;
  options.level = level;
  auto writer = io::CaptureWriter::open(folder, options);
  if (!writer) die(writer.error().detail);
  io::CaptureRecord record;
  record.stream = writer->stream({"binance", "market", "wss://stream.binance.com:9443/stream"});
  for (std::size_t i = 0; i < frames.size(); ++i) {
    record.ns = begin_ns + static_cast<std::int64_t>(i) * step_ns;
    record.data = frames[i];
    if (!writer->put(record)) die("put failed");
  }
  if (!writer->close()) die("close failed");
}

std::uint32_t read_capture(const fs::path& folder) {
  auto reader = io::CaptureReader::open(folder);
  if (!reader) die(reader.error().detail);
  std::uint32_t all = 0;
  io::CaptureRecord record;
  for (;;) {
    const auto more = reader->next(record);
    if (!more) die(more.error().detail);
    if (!*more) return all;
    all = digest(record.data, record.ns, all);
  }
}

Outcome capture_write(const FrameSet& frames) {
  const TemporaryFolder folder;
  const std::int64_t from = now_ns();
  write_capture(folder.path(), frames);
  const double spent = per_frame(from, frames);
  return {{spent, bytes_per_frame(folder.path(), frames)}, read_capture(folder.path())};
}

Outcome capture_read(const FrameSet& frames, const fs::path& folder) {
  const std::int64_t from = now_ns();
  const std::uint32_t all = read_capture(folder);
  return {{per_frame(from, frames)}, all};
}

Outcome hand_over(const FrameSet& frames) {
  const TemporaryFolder folder;
  unpin();  // its thread runs where it likes, as in production
  auto recorder = io::CaptureRecorder::start(folder.path(), {});
  pin();
  if (!recorder) die(recorder.error().detail);
  const std::uint32_t stream = (*recorder)->stream("binance", "market", "wss://x");
  const std::uint64_t before = allocations();
  const std::int64_t from = now_ns();
  for (std::size_t i = 0; i < frames.size(); ++i)
    (*recorder)->message(stream, io::CaptureKind::Text, Instant{from}, frames[i]);
  const double spent = per_frame(from, frames);
  if (allocations() != before) die("handing a frame over allocated");
  if ((*recorder)->lost().records != 0) die("the ring was full");
  if (!(*recorder)->stop()) die("stop failed");
  return {{spent}, (*recorder)->written().records};
}

// ---- what one would do first: lines of JSON ----

void add_line(std::string& out, std::string_view frame, std::int64_t ns) {
  out += R"({"t":"recv","ts_ns":)";
  out += std::to_string(ns);
  out += R"(,"conn":"market","data":")";
  for (const char c : frame) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += "\"}\n";
}

Outcome lines_plain(const FrameSet& frames) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "frames.jsonl";
  const std::int64_t from = now_ns();
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) die("cannot open a file");
  std::string line;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    line.clear();
    add_line(line, frames[i], begin_ns + static_cast<std::int64_t>(i) * step_ns);
    if (std::fwrite(line.data(), 1, line.size(), file) != line.size()) die("fwrite failed");
  }
  std::fclose(file);
  return {{per_frame(from, frames), bytes_per_frame(path, frames)}, digest_of(frames)};
}

void write_packed(const fs::path& path, const FrameSet& frames) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  ZSTD_CCtx* context = ZSTD_createCCtx();
  if (file == nullptr || context == nullptr) die("cannot open a file");
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::vector<char> packed(ZSTD_CStreamOutSize());
  const auto push = [&](std::string_view text, ZSTD_EndDirective how) {
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    for (std::size_t left = 1; left != 0;) {
      ZSTD_outBuffer out{packed.data(), packed.size(), 0};
      left = ZSTD_compressStream2(context, &out, &in, how);
      if (ZSTD_isError(left) != 0) die("zstd failed");
      if (std::fwrite(packed.data(), 1, out.pos, file) != out.pos) die("fwrite failed");
      if (how == ZSTD_e_continue && in.pos == in.size) break;
    }
  };
  std::string line;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    line.clear();
    add_line(line, frames[i], begin_ns + static_cast<std::int64_t>(i) * step_ns);
    push(line, ZSTD_e_continue);
  }
  push({}, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  std::fclose(file);
}

Outcome lines_packed(const FrameSet& frames) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "frames.jsonl.zst";
  const std::int64_t from = now_ns();
  write_packed(path, frames);
  return {{per_frame(from, frames), bytes_per_frame(path, frames)}, digest_of(frames)};
}

Outcome lines_read(const FrameSet& frames, const fs::path& path) {
  const std::int64_t from = now_ns();
  std::ifstream file(path, std::ios::binary);
  const std::string packed((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::string text;
  std::vector<char> piece(std::size_t{1} << 20);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  for (std::size_t left = 1; left != 0;) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(context, &out, &in);
    if (ZSTD_isError(left) != 0) die("zstd failed");
    text.append(piece.data(), out.pos);
  }
  ZSTD_freeDCtx(context);
  simdjson::dom::parser parser;
  std::uint32_t all = 0;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
       at = end + 1) {
    simdjson::dom::object fields;
    std::int64_t ns = 0;
    std::string_view data;
    if (parser.parse(text.data() + at, end - at).get_object().get(fields) != simdjson::SUCCESS ||
        fields.at_key("ts_ns").get_int64().get(ns) != simdjson::SUCCESS ||
        fields.at_key("data").get_string().get(data) != simdjson::SUCCESS)
      die("a line does not parse");
    all = digest(data, ns, all);
  }
  return {{per_frame(from, frames)}, all};
}

Outcome copy_of_a_frame(const FrameSet& frames) {
  std::string buffer;
  buffer.resize(frames.bytes() + frames.size() * 64);
  std::size_t at = 0;
  const std::int64_t from = now_ns();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const std::string_view frame = frames[i];
    std::copy(frame.begin(), frame.end(), buffer.begin() + static_cast<std::ptrdiff_t>(at));
    at += frame.size();
  }
  keep(buffer);
  return {{per_frame(from, frames)}, frames.size()};
}

// Normalised events beside the frames they come from: what they add on disk.
Outcome capture_events(const KeptEvents& events) {
  const TemporaryFolder folder;
  auto writer = io::CaptureWriter::open(folder.path(), {});
  if (!writer) die(writer.error().detail);
  io::CaptureRecord record;
  record.kind = io::CaptureKind::Event;
  record.stream = writer->stream({"binance", "events", ""});
  const std::int64_t from = now_ns();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto bytes = events.bytes(i);
    record.ns = begin_ns + static_cast<std::int64_t>(i) * step_ns;
    record.data = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    if (!writer->put(record)) die("put failed");
  }
  if (!writer->close()) die("close failed");
  const auto count = static_cast<double>(events.size());
  const double spent = static_cast<double>(now_ns() - from) / count;
  return {{spent, static_cast<double>(writer->written().stored_bytes) / count}, events.size()};
}

Outcome plain_events(const KeptEvents& events) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "events";
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) die("cannot open a file");
  std::size_t written = 0;
  const std::int64_t from = now_ns();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto bytes = events.bytes(i);
    written += std::fwrite(bytes.data(), 1, bytes.size(), file);
  }
  std::fclose(file);
  const auto count = static_cast<double>(events.size());
  return {{static_cast<double>(now_ns() - from) / count, static_cast<double>(written) / count},
          events.size()};
}

void run(Session& session) {
  const FiveVenues venues = five_venues();
  const MarketFrames market = make_market(venues, 7, 40'000);
  const FrameSet& frames = market.frames;
  const KeptEvents events = decode(venues, make_market(venues, 7, 20'000));
  const std::vector<Metric> both = {{.name = "time", .unit = "ns/frame"},
                                    {.name = "size", .unit = "bytes/frame"}};
  session.compare({.name = "hand a frame to the recorder",
                   .baseline_name = "copying it",
                   .baseline = [&] { return copy_of_a_frame(frames); },
                   .ours = [&] { return hand_over(frames); },
                   .metrics = {{.unit = "ns/frame"}}});
  session.compare({.name = "write frames",
                   .baseline_name = "JSON lines, fwrite",
                   .baseline = [&] { return lines_plain(frames); },
                   .ours = [&] { return capture_write(frames); },
                   .metrics = both});
  session.compare({.name = "write frames, packed",
                   .baseline_name = "JSON lines through zstd",
                   .baseline = [&] { return lines_packed(frames); },
                   .ours = [&] { return capture_write(frames); },
                   .metrics = both});
  session.compare(
      {.name = "write events",
       .baseline_name = "the same bytes, fwrite",
       .baseline = [&] { return plain_events(events); },
       .ours = [&] { return capture_events(events); },
       .metrics = {{.name = "time", .unit = "ns/event"}, {.name = "size", .unit = "bytes/event"}}});
  if (!session.wanted("read frames")) return;
  const TemporaryFolder folder;
  const fs::path packed = folder.path() / "frames.jsonl.zst";
  write_capture(folder.path() / "capture", frames);
  write_packed(packed, frames);
  session.compare({.name = "read frames",
                   .baseline_name = "zstd, then simdjson",
                   .baseline = [&] { return lines_read(frames, packed); },
                   .ours = [&] { return capture_read(frames, folder.path() / "capture"); },
                   .metrics = {{.unit = "ns/frame"}}});
}

const Register registered{"capture", run};

}  // namespace

}  // namespace ats::bench
