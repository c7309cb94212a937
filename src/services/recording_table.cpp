#include "services/recording_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/time.hpp"

namespace ats::services {
namespace {

// What a column says.
enum class Role : std::uint8_t {
  Skip,
  Venue,
  Symbol,
  VenueMicros,
  LocalMicros,
  LocalNanos,
  Millis,  // or, as newer Binance files have it, microseconds
  VenueMillis,
  Seconds,  // with a fraction
  Date,     // "2018-08-12 00:00:19", UTC
  Snapshot,
  BookSide,   // bid, ask
  TakerSide,  // buy, sell, unknown
  BuyerMaker,
  Id,
  Price,
  Amount,  // zero is a level that is gone
  BidPrice,
  BidAmount,
  AskPrice,
  AskAmount,
  BidBoth,  // price_size
  AskBoth,
};

struct Layout {
  std::string_view name;
  TableRow::Kind kind;
  std::string_view head;  // the first line; of a table without: the names its columns would have
  bool headless = false;
  std::array<Role, 9> roles = {};
};

using enum Role;
constexpr Layout layouts[] = {
    {"tardis_incremental_book_L2",
     TableRow::Kind::Level,
     "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount",
     false,
     {Venue, Symbol, VenueMicros, LocalMicros, Snapshot, BookSide, Price, Amount}},
    {"tardis_quotes",
     TableRow::Kind::Quote,
     "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount",
     false,
     {Venue, Symbol, VenueMicros, LocalMicros, AskAmount, AskPrice, BidPrice, BidAmount}},
    {"tardis_trades",
     TableRow::Kind::Trade,
     "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
     false,
     {Venue, Symbol, VenueMicros, LocalMicros, Id, TakerSide, Price, Amount}},
    {"vision_bookTicker",
     TableRow::Kind::Quote,
     "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_"
     "time",
     false,
     {Skip, BidPrice, BidAmount, AskPrice, AskAmount, VenueMillis, Millis}},
    {"vision_trades",
     TableRow::Kind::Trade,
     "id,price,qty,quote_qty,time,is_buyer_maker",
     false,
     {Id, Price, Amount, Skip, Millis, BuyerMaker}},
    {"vision_trades",
     TableRow::Kind::Trade,
     "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch",
     true,
     {Id, Price, Amount, Skip, Millis, BuyerMaker, Skip}},
    {"vision_aggTrades",
     TableRow::Kind::Trade,
     "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
     false,
     {Id, Price, Amount, Skip, Skip, Millis, BuyerMaker}},
    {"vision_aggTrades",
     TableRow::Kind::Trade,
     "id,price,qty,firstId,lastId,time,isBuyerMaker,isBestMatch",
     true,
     {Id, Price, Amount, Skip, Skip, Millis, BuyerMaker, Skip}},
    {"chassis_market_depth",
     TableRow::Kind::Quote,
     "time_seconds,bid_price_bid_size,ask_price_ask_size",
     false,
     {Seconds, BidBoth, AskBoth}},
    {"chassis_trade",
     TableRow::Kind::Trade,
     "time_seconds,price,size,is_buyer_maker",
     false,
     {Seconds, Price, Amount, BuyerMaker}},
    {"quotes",
     TableRow::Kind::Quote,
     "ts_ns,venue,symbol,bid,bid_qty,ask,ask_qty",
     false,
     {LocalNanos, Venue, Symbol, BidPrice, BidAmount, AskPrice, AskAmount}},
    {"last_prices",
     TableRow::Kind::Last,
     "ts_ms,venue,symbol,last",
     false,
     {Millis, Venue, Symbol, Price}},
    {"last_prices", TableRow::Kind::Last, "date,last", false, {Date, Price}},
};

constexpr std::string_view snapshot_head = "exchange,symbol,timestamp,local_timestamp,";
constexpr std::string_view snapshot_name = "tardis_book_snapshot";

std::size_t columns_of(std::string_view head) {
  return static_cast<std::size_t>(std::count(head.begin(), head.end(), ',')) + 1;
}

// The cells of a line; no cell of these tables is quoted.
void split(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  for (;;) {
    const std::size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return;
    line.remove_prefix(comma + 1);
  }
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_bool(std::string_view text) {
  return text == "true" || text == "True" || text == "false" || text == "False";
}

const Layout* find_layout(std::string_view first_line) {
  std::vector<std::string_view> cells;
  for (const Layout& layout : layouts) {
    if (!layout.headless) {
      if (first_line == layout.head) return &layout;
      continue;
    }
    split(first_line, cells);
    if (cells.size() == columns_of(layout.head) && all_digits(cells[0]) &&
        all_digits(cells[cells.size() - 3]) && is_bool(cells[cells.size() - 2]) &&
        is_bool(cells.back()))
      return &layout;
  }
  return nullptr;
}

// Tardis' names of the venues that have another one here.
std::string_view our_venue(std::string_view theirs) {
  if (theirs == "binance-futures") return "binance_usdm";
  if (theirs == "binance-delivery") return "binance_coinm";
  return theirs;
}

using Done = Status<std::string>;

Done wrong(std::string_view column, std::string_view cell, std::string_view expected) {
  return fail(fmt::format("{} is \"{}\", expected {}", column, cell.substr(0, 60), expected));
}

// Decimal with a sign or exponent is not what these tables have, but parse() takes what is exact.
Done number(std::string_view column, std::string_view cell, bool zero, Decimal& out) {
  const auto parsed = Decimal::parse(cell);
  if (!parsed) {
    return fail(fmt::format("{} is \"{}\" ({}), expected a decimal number", column,
                            cell.substr(0, 60), name(parsed.error())));
  }
  if (parsed->negative() || (!zero && parsed->is_zero()))
    return wrong(column, cell, zero ? "a number of 0 or more" : "a number above 0");
  out = *parsed;
  return ats::Done{};
}

Done whole(std::string_view column, std::string_view cell, std::int64_t factor, std::int64_t& out) {
  std::int64_t value = 0;
  const auto read = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (read.ec != std::errc() || read.ptr != cell.data() + cell.size() ||
      __builtin_mul_overflow(value, factor, &out) || !plausible_ns(out))
    return wrong(column, cell, "a time since 1970");
  return ats::Done{};
}

Done flag(std::string_view column, std::string_view cell, bool& out) {
  out = cell == "true" || cell == "True" || cell == "1";
  return out || cell == "false" || cell == "False" || cell == "0"
             ? Done(ats::Done{})
             : wrong(column, cell, "true or false");
}

Done both(std::string_view column, std::string_view cell, std::vector<RecordedBook::Level>& out) {
  const std::size_t at = cell.find('_');
  if (at == std::string_view::npos) return wrong(column, cell, "price_size");
  RecordedBook::Level level;
  if (auto read = number(column, cell.substr(0, at), false, level.price); !read) return read;
  if (auto read = number(column, cell.substr(at + 1), false, level.quantity); !read) return read;
  out.push_back(level);
  return ats::Done{};
}

// What a quote's cells say before they are put together: a side without a price has no level.
struct QuoteCells {
  std::string_view bid_price, bid_amount, ask_price, ask_amount;
};

Done level(std::string_view column, std::string_view price, std::string_view amount,
           std::vector<RecordedBook::Level>& out) {
  if (price.empty() && amount.empty()) return ats::Done{};
  RecordedBook::Level level;
  if (auto read = number(fmt::format("{} price", column), price, false, level.price); !read)
    return read;
  if (auto read = number(fmt::format("{} amount", column), amount, true, level.quantity); !read)
    return read;
  if (!level.quantity.is_zero()) out.push_back(level);
  return ats::Done{};
}

class Columns final : public TableReader {
 public:
  explicit Columns(const Layout& layout) : layout_(&layout), head_due_(!layout.headless) {
    split(layout.head, names_);
  }

  Result<const TableRow*, std::string> read(std::string_view line) override {
    if (line.empty()) return nullptr;
    if (head_due_) {
      if (line != layout_->head)
        return fail(
            fmt::format("the columns are {}, expected {}", line.substr(0, 200), layout_->head));
      head_due_ = false;
      return nullptr;
    }
    split(line, cells_);
    if (cells_.size() != names_.size())
      return fail(
          fmt::format("{} columns, expected {}: {}", cells_.size(), names_.size(), layout_->head));
    row_.kind = layout_->kind;
    row_.ns = row_.venue_ns = 0;
    row_.quantity = {};
    row_.bids.clear();
    row_.asks.clear();
    QuoteCells quote;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (auto read = cell(layout_->roles[i], names_[i], cells_[i], quote); !read)
        return fail(read.error());
    }
    if (row_.kind == TableRow::Kind::Quote) {
      if (auto read = level("bid", quote.bid_price, quote.bid_amount, row_.bids); !read)
        return fail(read.error());
      if (auto read = level("ask", quote.ask_price, quote.ask_amount, row_.asks); !read)
        return fail(read.error());
    }
    if (row_.ns == 0) row_.ns = row_.venue_ns;
    return &row_;
  }

 private:
  Done cell(Role role, std::string_view column, std::string_view cell, QuoteCells& quote) {
    switch (role) {
      case Skip:
        return ats::Done{};
      case Venue:
        row_.venue = our_venue(cell);
        return cell.empty() ? wrong(column, cell, "a venue") : Done(ats::Done{});
      case Symbol:
        row_.symbol = cell;
        return cell.empty() ? wrong(column, cell, "a symbol") : Done(ats::Done{});
      case VenueMicros:
        return whole(column, cell, 1'000, row_.venue_ns);
      case LocalMicros:
        return whole(column, cell, 1'000, row_.ns);
      case LocalNanos:
        return whole(column, cell, 1, row_.ns);
      case Millis:
        return whole(column, cell, cell.size() >= 16 ? 1'000 : 1'000'000, row_.ns);
      case VenueMillis:
        return whole(column, cell, cell.size() >= 16 ? 1'000 : 1'000'000, row_.venue_ns);
      case Seconds: {
        const auto ns = parse_scaled(cell, 9);
        if (!ns || !plausible_ns(*ns)) return wrong(column, cell, "seconds since 1970");
        row_.ns = *ns;
        return ats::Done{};
      }
      case Date: {
        std::string text(cell);
        std::replace(text.begin(), text.end(), ' ', 'T');
        text += 'Z';
        WallTime time;
        if (!parse_rfc3339(text.data(), text.size(), time) || !plausible_ns(time.ns_utc))
          return wrong(column, cell, "a time such as 2018-08-12 00:00:19");
        row_.ns = time.ns_utc;
        return ats::Done{};
      }
      case Snapshot:
        return flag(column, cell, row_.snapshot);
      case BookSide:
        row_.side = cell == "bid" ? Side::Buy : Side::Sell;
        return cell == "bid" || cell == "ask" ? Done(ats::Done{})
                                              : wrong(column, cell, "bid or ask");
      case TakerSide:
        row_.side = cell == "sell" ? Side::Sell : Side::Buy;
        return cell == "buy" || cell == "sell" || cell == "unknown"
                   ? Done(ats::Done{})
                   : wrong(column, cell, "buy, sell or unknown");
      case BuyerMaker: {
        bool maker = false;
        auto read = flag(column, cell, maker);
        row_.side = maker ? Side::Sell : Side::Buy;
        return read;
      }
      case Id:
        row_.id = cell;
        return cell.size() <= 39 ? Done(ats::Done{}) : wrong(column, cell, "at most 39 bytes");
      case Price:
        return number(column, cell, false, row_.price);
      case Amount:
        return number(column, cell, row_.kind == TableRow::Kind::Level, row_.quantity);
      case BidPrice:
        quote.bid_price = cell;
        return ats::Done{};
      case BidAmount:
        quote.bid_amount = cell;
        return ats::Done{};
      case AskPrice:
        quote.ask_price = cell;
        return ats::Done{};
      case AskAmount:
        quote.ask_amount = cell;
        return ats::Done{};
      case BidBoth:
        return both(column, cell, row_.bids);
      case AskBoth:
        return both(column, cell, row_.asks);
    }
    return ats::Done{};
  }

  const Layout* layout_;
  std::vector<std::string_view> names_;
  std::vector<std::string_view> cells_;
  TableRow row_;
  bool head_due_;
};

// Tardis' book_snapshot_N: asks[0].price,asks[0].amount,bids[0].price,bids[0].amount,asks[1].price,…
class Snapshots final : public TableReader {
 public:
  Result<const TableRow*, std::string> read(std::string_view line) override {
    if (line.empty()) return nullptr;
    split(line, cells_);
    if (levels_ == 0) {
      levels_ = cells_.size() > 4 && cells_.size() % 4 == 0 ? (cells_.size() - 4) / 4 : 0;
      if (levels_ == 0 || line != head())
        return fail(
            fmt::format("the columns are {}, expected {}asks[0].price,asks[0].amount,"
                        "bids[0].price,bids[0].amount,asks[1].price,…",
                        line.substr(0, 200), snapshot_head));
      return nullptr;
    }
    if (cells_.size() != 4 + 4 * levels_)
      return fail(fmt::format("{} columns, expected {}", cells_.size(), 4 + 4 * levels_));
    row_.kind = TableRow::Kind::Book;
    row_.venue = our_venue(cells_[0]);
    row_.symbol = cells_[1];
    row_.snapshot = true;
    row_.bids.clear();
    row_.asks.clear();
    if (row_.venue.empty() || row_.symbol.empty())
      return fail(std::string("expected a venue and a symbol"));
    if (auto read = whole("timestamp", cells_[2], 1'000, row_.venue_ns); !read)
      return fail(read.error());
    if (auto read = whole("local_timestamp", cells_[3], 1'000, row_.ns); !read)
      return fail(read.error());
    for (std::size_t i = 0; i < levels_; ++i) {
      const std::size_t at = 4 + 4 * i;
      for (const auto& [column, price, side] :
           {std::tuple{"ask", at, &row_.asks}, std::tuple{"bid", at + 2, &row_.bids}}) {
        if (auto read = level(column, cells_[price], cells_[price + 1], *side); !read)
          return fail(read.error());
        const std::size_t n = side->size();
        if (n < 2) continue;
        const Decimal before = (*side)[n - 2].price;
        if (side == &row_.asks ? (*side)[n - 1].price <= before : (*side)[n - 1].price >= before)
          return fail(fmt::format("{}[{}] is {} after {}, expected best first and none twice",
                                  column, i, (*side)[n - 1].price.to_string(), before.to_string()));
      }
    }
    return &row_;
  }

 private:
  std::string head() const {
    std::string text(snapshot_head);
    for (std::size_t i = 0; i < levels_; ++i) {
      text += fmt::format("{1}asks[{0}].price,asks[{0}].amount,bids[{0}].price,bids[{0}].amount", i,
                          i == 0 ? "" : ",");
    }
    return text;
  }

  std::vector<std::string_view> cells_;
  std::size_t levels_ = 0;
  TableRow row_;
};

bool is_snapshot_table(std::string_view first_line) {
  return first_line.starts_with(snapshot_head) &&
         first_line.substr(snapshot_head.size()).starts_with("asks[0].price,");
}

// Longer names first where one ends in another.
constexpr std::string_view known_quotes[] = {"FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD",
                                             "EUR",   "GBP",  "JPY",  "KRW",  "TRY",  "UST",
                                             "BTC",   "XBT",  "ETH",  "BNB"};

std::string our_asset(std::string_view theirs, std::string_view venue) {
  if (theirs == "XBT") return "BTC";
  if (venue == "bitfinex" && theirs == "UST") return "USDT";
  return std::string(theirs);
}

}  // namespace

std::string_view table_layout(std::string_view first_line) {
  if (is_snapshot_table(first_line)) return snapshot_name;
  const Layout* layout = find_layout(first_line);
  return layout == nullptr ? std::string_view() : layout->name;
}

std::unique_ptr<TableReader> make_table_reader(std::string_view first_line) {
  if (is_snapshot_table(first_line)) return std::make_unique<Snapshots>();
  const Layout* layout = find_layout(first_line);
  if (layout == nullptr) return nullptr;
  return std::make_unique<Columns>(*layout);
}

TableOwner table_owner(std::string_view path) {
  if (const std::size_t slash = path.rfind('/'); slash != std::string_view::npos)
    path.remove_prefix(slash + 1);
  TableOwner owner;
  // "um_BTCUSDT-bookTicker-2024-08-08.csv"
  const std::size_t dash = path.find('-');
  for (const std::string_view kind : {"-trades-", "-aggTrades-", "-bookTicker-"}) {
    if (dash == std::string_view::npos || !path.substr(dash).starts_with(kind)) continue;
    std::string_view symbol = path.substr(0, dash);
    owner.venue = "binance";
    for (const auto& [prefix, venue] :
         {std::pair{"um_", "binance_usdm"}, std::pair{"cm_", "binance_coinm"}}) {
      if (!symbol.starts_with(prefix)) continue;
      owner.venue = venue;
      symbol.remove_prefix(3);
    }
    owner.symbol = symbol;
    return owner;
  }
  // "20210701_gemini_ETHUSD_trade.csv"
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t at = path.find('_');
    words.push_back(path.substr(0, at));
    if (at == std::string_view::npos) break;
    path.remove_prefix(at + 1);
  }
  if (words.size() >= 4 && words[0].size() == 8 && all_digits(words[0])) {
    owner.venue = words[1];
    owner.symbol = words[2];
  }
  return owner;
}

SymbolParts split_symbol(std::string_view venue, std::string_view symbol) {
  if (const std::size_t at = symbol.find_first_of("-/:");
      at != std::string_view::npos && at != 0 && at + 1 < symbol.size()) {
    std::string first = our_asset(symbol.substr(0, at), venue);
    std::string second = our_asset(symbol.substr(at + 1), venue);
    // Upbit puts the quote asset first.
    if (venue == "upbit") std::swap(first, second);
    return {std::move(first), std::move(second)};
  }
  const std::string_view name = symbol.substr(0, symbol.find('_'));
  for (const std::string_view quote : known_quotes) {
    if (name.size() > quote.size() && name.ends_with(quote))
      return {our_asset(name.substr(0, name.size() - quote.size()), venue),
              our_asset(quote, venue)};
  }
  return {std::string(symbol), ""};
}

}  // namespace ats::services
