#include "services/capture_export.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "core/books/book_set.hpp"
#include "security/signing.hpp"
#include "services/book_feed.hpp"
#include "services/describe.hpp"
#include "services/recording_feed.hpp"

namespace ats::services {
namespace {

using As = ExportOptions::As;
using Json = nlohmann::ordered_json;

constexpr Duration timer_every = milliseconds(250);

// Tardis' names of the venues that have another one here.
std::string_view tardis_venue(std::string_view ours) {
  if (ours == "binance_usdm") return "binance-futures";
  if (ours == "binance_coinm") return "binance-delivery";
  return ours;
}

std::string head_of(const ExportOptions& options) {
  const std::string common = "exchange,symbol,timestamp,local_timestamp,";
  switch (options.as) {
    case As::Book:
      return common + "is_snapshot,side,price,amount\n";
    case As::Quotes:
      return common + "ask_amount,ask_price,bid_price,bid_amount\n";
    case As::Trades:
      return common + "id,side,price,amount\n";
    case As::Snapshots: {
      std::string head = common;
      for (std::size_t i = 0; i < options.levels; ++i) {
        head += fmt::format("{1}asks[{0}].price,asks[{0}].amount,bids[{0}].price,bids[{0}].amount",
                            i, i == 0 ? "" : ",");
      }
      return head + "\n";
    }
    case As::Frames:
    case As::Events:
      break;
  }
  return {};
}

// Shortest exact form, as these tables have it.
std::string price_text(Price p, const Instrument& i) { return i.price_decimal(p).to_string(); }
std::string quantity_text(Quantity q, const Instrument& i) {
  return i.quantity_decimal(q).to_string();
}

// One venue of a recording, as rows.
class Rows final : public EventSink {
 public:
  Rows(const ExportOptions& options, RecordingFeed& feed, std::FILE* out)
      : options_(options),
        feed_(feed),
        out_(out),
        books_(feed.universe()),
        quoted_(feed.universe().instruments().size()),
        last_(feed.universe().instruments().size()) {}

  // Looks for the instruments whose venue tells its best prices itself.
  void look(bool looking) { looking_ = looking; }
  void take_quoted(const Rows& from) { quoted_ = from.quoted_; }

  Status<std::string> play() {
    books_.on_connection(feed_.venue(), true, Instant{}, actions_);
    Instant timer{};
    for (;;) {
      const auto more = feed_.fetch();
      if (!more) return fail(more.error());
      if (!*more) return Done{};
      now_ = feed_.now();
      if (options_.as == As::Snapshots || options_.as == As::Quotes) {
        // Silence makes books stale here as it did live.
        if (now_ >= timer) {
          books_.on_timer(now_, actions_);
          timer = now_ + timer_every;
        }
        const RecordKind kind = feed_.record().kind;
        if (kind == RecordKind::Disconnect || kind == RecordKind::Lost)
          books_.on_connection(feed_.venue(), false, now_, actions_);
        if (kind == RecordKind::Connect || kind == RecordKind::Lost)
          books_.on_connection(feed_.venue(), true, now_, actions_);
      }
      feed_.deliver(*this);
      actions_.clear();
    }
  }
  std::uint64_t rows() const { return rows_; }

 private:
  void on(const Event& event) override {
    switch (options_.as) {
      case As::Book:
        if (const auto* snapshot = std::get_if<BookSnapshot>(&event))
          levels(*snapshot, true);
        else if (const auto* delta = std::get_if<BookDelta>(&event))
          levels(*delta, false);
        return;
      case As::Trades:
        if (const auto* trade = std::get_if<Trade>(&event)) print(*trade);
        return;
      case As::Events:
        put(describe(event, feed_.universe()));
        return;
      case As::Quotes:
        if (const auto* quote = std::get_if<Quote>(&event)) {
          quoted_[quote->instrument.index()] = true;
          row(quote->instrument, quote->times, quote->bid, quote->ask);
        }
        follow(event);
        return;
      case As::Snapshots:
        follow(event);
        return;
      case As::Frames:
        return;
    }
  }

  void follow(const Event& event) {
    feed_books(books_, feed_.venue(), event, now_, actions_);
    Times times{{}, now_};
    std::visit(
        [&](const auto& e) {
          if constexpr (requires { e.times.venue_time; }) times.venue_time = e.times.venue_time;
        },
        event);
    for (const InstrumentId id : books_.changed()) {
      const core::BookView view = books_.view(id);
      if (!view.valid(now_)) continue;
      if (options_.as == As::Snapshots) {
        snapshot(id, view, times);
      } else if (!quoted_[id.index()]) {
        row(id, times, view.best(Side::Buy), view.best(Side::Sell));
      }
    }
  }

  std::string begin(InstrumentId id, const Times& times) const {
    const Instrument& i = feed_.universe().instrument(id);
    const std::int64_t local = times.recv_time.ns / 1'000;
    const std::int64_t venue = times.venue_time.told() ? times.venue_time.ns_utc / 1'000 : local;
    return fmt::format("{},{},{},{},", tardis_venue(feed_.venue_name()), i.symbol.view(), venue,
                       local);
  }

  template <class Levels>
  void levels(const Levels& event, bool is_snapshot) {
    const Instrument& i = feed_.universe().instrument(event.instrument);
    const std::string first = begin(event.instrument, event.times);
    for (const auto& [side, levels] :
         {std::pair{"bid", event.bids}, std::pair{"ask", event.asks}}) {
      for (const Level& level : levels) {
        put(fmt::format("{}{},{},{},{}", first, is_snapshot ? "true" : "false", side,
                        price_text(level.price, i), quantity_text(level.quantity, i)));
      }
    }
  }

  void print(const Trade& trade) {
    const Instrument& i = feed_.universe().instrument(trade.instrument);
    put(fmt::format("{}{},{},{},{}", begin(trade.instrument, trade.times), trade.id.view(),
                    trade.taker_side == Side::Buy ? "buy" : "sell", price_text(trade.price, i),
                    quantity_text(trade.quantity, i)));
  }

  void row(InstrumentId id, const Times& times, const Level& bid, const Level& ask) {
    const Instrument& i = feed_.universe().instrument(id);
    const auto cells = [&](const Level& level, bool price_first) {
      if (level.quantity.is_zero()) return std::string(",");
      const std::string price = price_text(level.price, i);
      const std::string amount = quantity_text(level.quantity, i);
      return price_first ? price + "," + amount : amount + "," + price;
    };
    std::string text = cells(ask, false) + "," + cells(bid, true);
    std::string& last = last_[id.index()];
    if (text == last) return;  // a change below the top
    last = text;
    put(begin(id, times) + text);
  }

  void snapshot(InstrumentId id, const core::BookView& view, const Times& times) {
    const Instrument& i = feed_.universe().instrument(id);
    auto asks = view.levels(Side::Sell);
    auto bids = view.levels(Side::Buy);
    std::string text;
    for (std::size_t n = 0; n < options_.levels; ++n) {
      for (auto* side : {&asks, &bids}) {
        if (!text.empty()) text += ',';
        Level level;
        text += side->next(level)
                    ? price_text(level.price, i) + "," + quantity_text(level.quantity, i)
                    : std::string(",");
      }
    }
    std::string& last = last_[id.index()];
    if (text == last) return;
    last = text;
    put(begin(id, times) + text);
  }

  void put(const std::string& line) {
    if (looking_ || now_.ns < options_.from_ns || now_.ns >= options_.to_ns) return;
    std::fwrite(line.data(), 1, line.size(), out_);
    std::fputc('\n', out_);
    ++rows_;
  }

  const ExportOptions& options_;
  RecordingFeed& feed_;
  std::FILE* out_;
  core::BookSet books_;
  Actions actions_;
  Instant now_;
  bool looking_ = false;
  std::vector<bool> quoted_;
  std::vector<std::string> last_;  // row of each instrument
  std::uint64_t rows_ = 0;
};

// Whether it can stand in JSON as it is.
bool is_utf8(std::string_view text) {
  try {
    static_cast<void>(Json(text).dump());
  } catch (const Json::type_error&) {
    return false;
  }
  return true;
}

const char* frames_kind(const SourceRecord& record) {
  switch (record.kind) {
    case RecordKind::Frame:
      return "recv";
    case RecordKind::Rest:
      return "http";
    case RecordKind::Connect:
      return "connect";
    case RecordKind::Disconnect:
      return "disconnect";
    case RecordKind::Lost:
      return "lost";
    case RecordKind::Event:
    case RecordKind::Other:
      break;
  }
  return "send";
}

// frames-jsonl/1 (docs/scan.md), which is read back to the same frames.
Result<std::uint64_t, std::string> export_frames(const RecordingFile& file,
                                                 const ExportOptions& options, std::FILE* out) {
  auto source = file.source(options.venue, options.symbol);
  if (!source) return fail(source.error());
  std::fputs("{\"t\":\"header\",\"format\":\"frames-jsonl/1\"}\n", out);
  for (std::uint64_t rows = 0;;) {
    const auto read = (*source)->next();
    if (!read) return fail(read.error());
    if (!*read) return rows;
    const SourceRecord& record = **read;
    if (record.kind == RecordKind::Event || (record.kind == RecordKind::Other && !record.sent) ||
        record.ns < options.from_ns || record.ns >= options.to_ns ||
        (!options.venue.empty() && !record.venue.empty() && record.venue != options.venue))
      continue;
    Json line = {{"t", frames_kind(record)}, {"ts_ns", record.ns}};
    if (!record.venue.empty()) line["venue"] = std::string(record.venue);
    if (!record.connection.empty()) line["conn"] = std::string(record.connection);
    if (!record.url.empty() &&
        (record.kind == RecordKind::Rest || record.kind == RecordKind::Connect))
      line["url"] = std::string(record.url);
    if (record.status != 0) line["status"] = record.status;
    if (record.kind == RecordKind::Lost) line["records"] = record.lost;
    if (record.binary) line["bin"] = true;
    if (record.kind != RecordKind::Connect && record.kind != RecordKind::Lost) {
      if (is_utf8(record.data)) {
        line["data"] = std::string(record.data);
      } else {
        line["b64"] = security::base64(
            {reinterpret_cast<const std::uint8_t*>(record.data.data()), record.data.size()});
      }
    }
    const std::string text = line.dump();
    std::fwrite(text.data(), 1, text.size(), out);
    std::fputc('\n', out);
    ++rows;
  }
}

}  // namespace

bool parse_export_kind(std::string_view text, ExportOptions& out) {
  constexpr std::string_view snapshot = "book_snapshot_";
  if (text.starts_with(snapshot)) {
    const auto levels = parse_scaled(text.substr(snapshot.size()), 0);
    if (!levels || *levels < 1 || *levels > 1000) return false;
    out.as = As::Snapshots;
    out.levels = static_cast<std::size_t>(*levels);
    return true;
  }
  for (const auto& [name, as] :
       {std::pair{"incremental_book_L2", As::Book}, std::pair{"quotes", As::Quotes},
        std::pair{"trades", As::Trades}, std::pair{"frames", As::Frames},
        std::pair{"events", As::Events}}) {
    if (text != name) continue;
    out.as = as;
    return true;
  }
  return false;
}

Result<std::uint64_t, std::string> export_recording(const RecordingFile& file,
                                                    const ExportOptions& options, std::FILE* out) {
  if (options.as == As::Frames) return export_frames(file, options, out);
  FeedOptions feed_options;
  feed_options.venue = options.venue;
  feed_options.symbol = options.symbol;
  auto venues = RecordingFeed::venues(file, feed_options);
  if (!venues) return fail(venues.error());
  if (venues->empty()) venues->push_back(options.venue);
  const std::string head = head_of(options);
  std::fwrite(head.data(), 1, head.size(), out);
  std::uint64_t rows = 0;
  for (const std::string& venue : *venues) {
    if (!options.venue.empty() && venue != options.venue) continue;
    feed_options.venue = venue;
    std::optional<Rows> looked;
    std::unique_ptr<RecordingFeed> looked_at;
    if (options.as == As::Quotes) {
      auto feed = RecordingFeed::open(file, feed_options);
      if (!feed) return fail(feed.error());
      looked_at = *std::move(feed);
      looked.emplace(options, *looked_at, out);
      looked->look(true);
      if (auto played = looked->play(); !played) return fail(played.error());
    }
    auto feed = RecordingFeed::open(file, feed_options);
    if (!feed) return fail(feed.error());
    Rows to(options, **feed, out);
    if (looked) to.take_quoted(*looked);
    if (auto played = to.play(); !played) return fail(played.error());
    rows += to.rows();
  }
  if (std::fflush(out) != 0) return fail(std::string("what was exported could not be written"));
  return rows;
}

}  // namespace ats::services
