#include <algorithm>
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

// Adds frames by kind, numbered anew from the first that is kept of each.
class Keeper {
 public:
  explicit Keeper(KindFrames& out) : out_(out) {}
  void keep(FrameKind kind, std::string_view text) {
    FrameSet& set = out_.frames[static_cast<std::size_t>(kind)];
    if (set.size() < at_most_of_a_kind) set.add(numbered(kind, text, set.size()));
  }
  void open_with(VenueKind venue, std::string_view text) { out_.opening[venue].add(text); }

 private:
  KindFrames& out_;
};

using Discoveries = PerVenue<std::unique_ptr<venues::Discovery>>;

// "<ns> <frame>", combined streams.
void read_binance(const fs::path& raw, venues::Discovery& found, Keeper& keeper) {
  for (const std::string& line : lines_of(raw / "binance" / "20240808_spot_BTCUSDT.ns_json.gz")) {
    const std::string_view frame = std::string_view(line).substr(line.find(' ') + 1);
    if (!frame.starts_with("{\"stream\"")) continue;
    found.on_frame(frame);
    const std::string_view head = frame.substr(0, 40);
    if (head.find("@depth") != std::string_view::npos) {
      keeper.keep(FrameKind::BinanceDepth, frame);
    } else if (head.find("@bookTicker") != std::string_view::npos) {
      keeper.keep(FrameKind::BinanceTop, frame);
    } else if (head.find("@trade") != std::string_view::npos) {
      keeper.keep(FrameKind::BinanceTrade, frame);
    }
  }
}

// One JSON object a line, the frame in "data". All of it is shown to the discovery, frames from the first.
std::vector<std::string> received(const fs::path& path, venues::Discovery& found) {
  std::vector<std::string> frames;
  for (const std::string& line : lines_of(path)) {
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    if (!entry.is_object() || entry.value("t", "") != "recv") continue;
    found.on_frame(frames.emplace_back(entry.value("data", "")));
  }
  return frames;
}

void read_kraken(const fs::path& raw, venues::Discovery& found, Keeper& keeper) {
  for (const char* file :
       {"20260802_v2_ETHUSD_d25.jsonl.gz", "20260801_v2_BTCUSD_d10_resubscribe.jsonl.gz"}) {
    for (const std::string& frame : received(raw / "kraken" / file, found)) {
      if (frame.starts_with(R"({"channel":"book","type":"update")")) {
        keeper.keep(FrameKind::KrakenUpdate, frame);
      } else if (frame.starts_with(R"({"channel":"book","type":"snapshot")")) {
        keeper.keep(FrameKind::KrakenSnapshot, frame);
      }
    }
  }
}

void read_upbit(const fs::path& raw, venues::Discovery& found, Keeper& keeper) {
  for (const std::string& frame :
       received(raw / "upbit" / "20210417_simple_10sym.jsonl.gz", found)) {
    if (frame.starts_with(R"({"ty":"orderbook")")) keeper.keep(FrameKind::UpbitBook, frame);
    if (frame.starts_with(R"({"ty":"trade")")) keeper.keep(FrameKind::UpbitTrade, frame);
  }
}

void read_coinbase(const fs::path& raw, venues::Discovery& found, Keeper& keeper) {
  for (const std::string& frame :
       received(raw / "coinbase" / "20260809_advanced_first8s.jsonl.gz", found)) {
    const bool update = frame.substr(0, 200).find(R"("type":"update")") != std::string::npos;
    if (frame.starts_with(R"({"channel":"l2_data")")) {
      keeper.keep(update ? FrameKind::CoinbaseUpdate : FrameKind::CoinbaseSnapshot, frame);
    } else if (frame.starts_with(R"({"channel":"market_trades")")) {
      // Prints of before the subscription are no events.
      if (update) keeper.keep(FrameKind::CoinbaseTrades, frame);
    } else if (frame.starts_with(R"({"channel":"heartbeats")")) {
      keeper.keep(FrameKind::CoinbaseHeartbeat, frame);
    }
  }
}

// Channel ids mean something since a `subscribed` event only; the first frame of a book is its snapshot.
void read_bitfinex(const fs::path& raw, venues::Discovery& found, Keeper& keeper) {
  std::vector<std::string> books;
  for (const std::string& frame : received(raw / "bitfinex" / "20210417_7sym.jsonl.gz", found)) {
    if (frame.starts_with(R"({"event":"info")")) {
      keeper.open_with(VenueKind::Bitfinex, frame);
    } else if (frame.starts_with(R"({"event":"subscribed")")) {
      const auto event = nlohmann::json::parse(frame);
      const std::string channel = event.value("channel", "");
      if (channel == "ticker") continue;
      keeper.open_with(VenueKind::Bitfinex, frame);
      if (channel == "book") books.push_back("[" + std::to_string(event.value("chanId", 0)) + ",");
    } else if (frame.find(R"("te")") != std::string::npos) {
      keeper.keep(FrameKind::BitfinexTrade, frame);
    } else if (frame.find(R"("hb")") != std::string::npos) {
      keeper.keep(FrameKind::BitfinexHeartbeat, frame);
    } else if (std::any_of(books.begin(), books.end(),
                           [&](const auto& head) { return frame.starts_with(head); })) {
      const bool whole = frame.find("[[") != std::string::npos;
      keeper.keep(whole ? FrameKind::BitfinexSnapshot : FrameKind::BitfinexUpdate, frame);
    }
  }
}

}  // namespace

std::optional<KindFrames> read_recordings() {
  const auto shared = shared_folder();
  if (!shared) return std::nullopt;
  const fs::path raw = *shared / "data" / "raw";
  KindFrames out;
  Keeper keeper(out);
  Discoveries found;
  for (const VenueKind venue : all_venues)
    found[venue] = venues::find_protocol(name(venue))->make_discovery();
  read_binance(raw, *found[VenueKind::Binance], keeper);
  read_kraken(raw, *found[VenueKind::Kraken], keeper);
  read_upbit(raw, *found[VenueKind::Upbit], keeper);
  read_coinbase(raw, *found[VenueKind::Coinbase], keeper);
  read_bitfinex(raw, *found[VenueKind::Bitfinex], keeper);
  for (const VenueKind venue : all_venues) {
    const auto* protocol = venues::find_protocol(name(venue));
    out.venue[venue] = out.universe.add_venue(protocol->name, protocol->rules);
    found[venue]->finish(out.venue[venue], out.universe);
  }
  return out;
}

}  // namespace ats::bench
