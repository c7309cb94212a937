#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include <zlib.h>

#include "frames.hpp"
#include "venues/client.hpp"

namespace ats::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t at_most_of_a_kind = 512;

std::optional<fs::path> shared_folder() {
  std::error_code error;
  if (const char* named = std::getenv("ATS_SHARED"); named != nullptr && *named != '\0')
    return fs::is_directory(named, error) ? std::optional<fs::path>(named) : std::nullopt;
  const fs::path beside = fs::path("..") / "shared";
  return fs::is_directory(beside / "data", error) ? std::optional(beside) : std::nullopt;
}

// The lines of a gzip file; none when it cannot be read.
std::vector<std::string> lines_of(const fs::path& path) {
  std::string text;
  if (gzFile file = gzopen(path.c_str(), "rb")) {
    char chunk[1 << 16];
    for (int got = 0; (got = gzread(file, chunk, sizeof chunk)) > 0;)
      text.append(chunk, static_cast<std::size_t>(got));
    gzclose(file);
  }
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

void keep(FramesByKind& frames, FrameKind kind, std::string_view text) {
  FrameSet& set = frames[static_cast<std::size_t>(kind)];
  if (set.size() < at_most_of_a_kind) set.add(text);
}

}  // namespace

std::optional<RecordedFrames> read_recordings() {
  const auto shared = shared_folder();
  if (!shared) return std::nullopt;
  RecordedFrames out;
  const auto* binance = venues::find_protocol("binance");
  const auto* kraken = venues::find_protocol("kraken");
  if (binance == nullptr || kraken == nullptr) return std::nullopt;
  const auto binance_found = binance->make_discovery();
  const auto kraken_found = kraken->make_discovery();

  // "<ns> <frame>", combined streams.
  const fs::path raw = *shared / "data" / "raw";
  for (const std::string& line : lines_of(raw / "binance" / "20240808_spot_BTCUSDT.ns_json.gz")) {
    const std::string_view frame = std::string_view(line).substr(line.find(' ') + 1);
    if (!frame.starts_with("{\"stream\"")) continue;
    binance_found->on_frame(frame);
    const std::string_view head = frame.substr(0, 40);
    if (head.find("@depth") != std::string_view::npos) {
      keep(out.frames, FrameKind::BinanceDepth, frame);
    } else if (head.find("@bookTicker") != std::string_view::npos) {
      keep(out.frames, FrameKind::BinanceTop, frame);
    } else if (head.find("@trade") != std::string_view::npos) {
      keep(out.frames, FrameKind::BinanceTrade, frame);
    }
  }
  // One JSON object a line, the frame in "data".
  for (const char* file :
       {"20260802_v2_ETHUSD_d25.jsonl.gz", "20260801_v2_BTCUSD_d10_resubscribe.jsonl.gz"}) {
    for (const std::string& line : lines_of(raw / "kraken" / file)) {
      const auto entry = nlohmann::json::parse(line, nullptr, false);
      if (!entry.is_object() || entry.value("t", "") != "recv") continue;
      const std::string frame = entry.value("data", "");
      kraken_found->on_frame(frame);
      if (frame.starts_with(R"({"channel":"book","type":"update")")) {
        keep(out.frames, FrameKind::KrakenUpdate, frame);
      } else if (frame.starts_with(R"({"channel":"book","type":"snapshot")")) {
        keep(out.frames, FrameKind::KrakenSnapshot, frame);
      }
    }
  }
  out.binance = out.universe.add_venue(binance->name, binance->rules);
  out.kraken = out.universe.add_venue(kraken->name, kraken->rules);
  binance_found->finish(out.binance, out.universe);
  kraken_found->finish(out.kraken, out.universe);
  return out;
}

}  // namespace ats::bench
