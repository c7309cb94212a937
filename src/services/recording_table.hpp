// Recorded market data as tables (CSV): Tardis' incremental_book_L2, book_snapshot_N, quotes and trades,
// Binance Vision's trades, aggTrades and bookTicker, Crypto Chassis' market-depth and trade, and last prices.
// One description of the columns a layout; readers see lines and open no file.
//
// Invariant: a row that is not exactly what its head says is an error that tells what was expected. Numbers
// are exact decimals.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.hpp"
#include "base/result.hpp"
#include "domain/number.hpp"
#include "services/recording.hpp"

namespace ats::services {

// One row. The views live until the reader is asked again.
struct TableRow {
  enum class Kind : std::uint8_t {
    Level,  // one level of a snapshot or of a change; quantity zero: the level is gone
    Book,   // a whole book, cut to some number of levels
    Quote,  // best bid and ask; a side may have none
    Trade,
    Last,  // the price of the last trade, its quantity not told
  };
  Kind kind = Kind::Level;
  std::int64_t ns = 0;        // by the recorder's clock; where a table has one clock, by that
  std::int64_t venue_ns = 0;  // by the venue's clock; 0 where the table tells none
  std::string_view venue;     // in our names; empty: the table does not say
  std::string_view symbol;    // empty: the table does not say
  std::string_view id;        // of a trade
  bool snapshot = false;
  Side side = Side::Buy;  // of the level (Buy: bids); of the trade's taker
  Decimal price;
  Decimal quantity;
  std::vector<RecordedBook::Level> bids;  // best first
  std::vector<RecordedBook::Level> asks;
};

class TableReader {
 public:
  virtual ~TableReader() = default;
  // Null: the line gives nothing (a head, an empty line). Valid until the next call.
  virtual Result<const TableRow*, std::string> read(std::string_view line) = 0;
};

// By a table's first line; null for none of the layouts.
std::unique_ptr<TableReader> make_table_reader(std::string_view first_line);
// "tardis_trades": which of the layouts it is; empty for none.
std::string_view table_layout(std::string_view first_line);

// Whose a table is that does not say: from its file's name, as in "BTCUSDT-trades-2024-08-08.csv.gz" (with
// "um_" or "cm_" before it for futures) and "20210701_gemini_ETHUSD_trade.csv.gz". Empty where it tells
// nothing.
struct TableOwner {
  std::string venue;
  std::string symbol;
};
TableOwner table_owner(std::string_view path);

// "BTCUSDT", "BTC-USD", "BTCUSD_PERP", Upbit's "KRW-BTC" to base and quote, in our names for assets. A
// symbol that does not tell is all base.
struct SymbolParts {
  std::string base;
  std::string quote;
  bool operator==(const SymbolParts&) const = default;
};
SymbolParts split_symbol(std::string_view venue, std::string_view symbol);

}  // namespace ats::services
