// Quotation calls.
#include <algorithm>

#include "venues/upbit/markets.hpp"
#include "venues/upbit/server.hpp"
#include "venues/upbit/server_text.hpp"

namespace ats::venues::upbit {
namespace {

constexpr int bad_request = 400;
constexpr int not_found = 404;
constexpr std::size_t deepest = 30;

HttpResponse answer(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

// A count the user gave, within [1, most]; nothing when it is none.
std::optional<std::size_t> count_of(std::string_view text, std::size_t usual, std::size_t most) {
  std::size_t count = 0;
  if (text.empty()) return usual;
  if (!integer_text(text, count) || count == 0) return std::nullopt;
  return std::min(count, most);
}

std::string decimal_text(const Instrument& on, Quantity quantity) {
  return market_number(quantity.units, on.qty_scale);
}

// The step of orders at the book's middle, or at the last price known.
std::int64_t step_now(const Instrument& on, const BookImage& book) {
  if (!book.bids.empty()) return on.tick_at(book.bids.front().price);
  if (!book.asks.empty()) return on.tick_at(book.asks.front().price);
  return on.ladder.empty() ? on.tick : on.ladder.steps().back().tick;
}

}  // namespace

HttpResponse UpbitServer::market_all(AccountId, const Fields& fields) {
  const bool details = fields.get("is_details") == "true" || fields.get("isDetails") == "true";
  JsonList rows;
  for (const InstrumentId id : exchange_.instruments()) {
    const Instrument& on = instrument(id);
    if (on.status != InstrumentStatus::Trading) continue;  // a closed market is listed no more
    JsonObject row;
    row.text("market", on.symbol.view())
        .text("korean_name", asset(on.base))
        .text("english_name", asset(on.base));
    if (details) {
      JsonObject caution;
      for (const char* word :
           {"PRICE_FLUCTUATIONS", "TRADING_VOLUME_SOARING", "DEPOSIT_AMOUNT_SOARING",
            "GLOBAL_PRICE_DIFFERENCES", "CONCENTRATION_OF_SMALL_ACCOUNTS"})
        caution.flag(word, false);
      row.raw("market_event",
              JsonObject().flag("warning", false).raw("caution", caution.done()).done());
    }
    rows.raw(row.done());
  }
  return answer(rows.done());
}

Result<std::vector<InstrumentId>, HttpResponse> UpbitServer::wanted(const Fields& fields) const {
  std::vector<InstrumentId> ids;
  for (const std::string_view code : fields.list("markets")) {
    const InstrumentId id = find_code(code);
    if (!id.valid()) return fail(quotation_error(not_found));
    ids.push_back(id);
  }
  if (ids.empty()) return fail(quotation_error(bad_request));
  return ids;
}

HttpResponse UpbitServer::book_instruments(AccountId, const Fields& fields) {
  const auto ids = wanted(fields);
  if (!ids) return ids.error();
  JsonList rows;
  for (const InstrumentId id : *ids) {
    const Instrument& on = instrument(id);
    const std::int64_t step = step_now(on, exchange_.book(id, 1));
    rows.raw(JsonObject()
                 .text("market", on.symbol.view())
                 .text("quote_currency", asset(on.quote))
                 .text("tick_size", format_scaled_short(step, on.price_scale))
                 .raw("supported_levels", R"(["0"])")
                 .done());
  }
  return answer(rows.done());
}

std::string UpbitServer::book_totals(const Instrument& on, const BookImage& book,
                                     bool simple) const {
  Quantity asks, bids;
  for (const Level& level : book.asks) asks += level.quantity;
  for (const Level& level : book.bids) bids += level.quantity;
  return std::string(simple ? R"("tas":)" : R"("total_ask_size":)")
      .append(decimal_text(on, asks))
      .append(simple ? R"(,"tbs":)" : R"(,"total_bid_size":)")
      .append(decimal_text(on, bids));
}

// The i-th best ask with the i-th best bid; where one side is shorter its price and size are zero.
std::string UpbitServer::book_units(const Instrument& on, const BookImage& book,
                                    bool simple) const {
  const std::size_t depth = std::max(book.asks.size(), book.bids.size());
  std::string out = "[";
  for (std::size_t i = 0; i < depth; ++i) {
    const Level ask = i < book.asks.size() ? book.asks[i] : Level{};
    const Level bid = i < book.bids.size() ? book.bids[i] : Level{};
    out.append(i == 0 ? "{" : ",{");
    out.append(simple ? R"("ap":)" : R"("ask_price":)").append(market_price(on, ask.price));
    out.append(simple ? R"(,"bp":)" : R"(,"bid_price":)").append(market_price(on, bid.price));
    out.append(simple ? R"(,"as":)" : R"(,"ask_size":)").append(decimal_text(on, ask.quantity));
    out.append(simple ? R"(,"bs":)" : R"(,"bid_size":)").append(decimal_text(on, bid.quantity));
    out += '}';
  }
  return out += ']';
}

HttpResponse UpbitServer::books(AccountId, const Fields& fields) {
  const auto ids = wanted(fields);
  if (!ids) return ids.error();
  const auto count = count_of(fields.get("count"), deepest, deepest);
  if (!count) return quotation_error(bad_request);
  const std::string_view level = fields.get("level");
  if (!level.empty() && level != "0") return answer("[]");  // no groupings here
  JsonList rows;
  for (const InstrumentId id : *ids) {
    const Instrument& on = instrument(id);
    const BookImage book = exchange_.book(id, *count);
    rows.raw(std::string(R"({"market":")")
                 .append(on.symbol.view())
                 .append(R"(","timestamp":)")
                 .append(std::to_string(now_ms()))
                 .append(",")
                 .append(book_totals(on, book, false))
                 .append(R"(,"orderbook_units":)")
                 .append(book_units(on, book, false))
                 .append(R"(,"level":0})"));
  }
  return answer(rows.done());
}

// The day as far as the exchange remembers its prints. Without the braces around.
std::string UpbitServer::ticker_fields(InstrumentId id, bool simple) const {
  constexpr std::size_t most_prints = 1000;
  const Instrument& on = instrument(id);
  const std::vector<PublicTrade> prints = exchange_.trades(id, most_prints);
  Price open, high, low;
  Quantity volume, asks, bids;
  Decimal turnover;
  for (const PublicTrade& print : prints) {
    if (open.units == 0) open = high = low = print.price;
    high = std::max(high, print.price);
    low = std::min(low, print.price);
    volume += print.quantity;
    (print.taker_side == Side::Buy ? bids : asks) += print.quantity;
    turnover += on.notional(print.price, print.quantity);
  }
  const PublicTrade last = prints.empty() ? PublicTrade{} : prints.back();
  const std::int64_t moved = last.price.units - open.units;
  const std::string_view change = moved > 0 ? "RISE" : moved < 0 ? "FALL" : "EVEN";
  const std::int64_t size = moved < 0 ? -moved : moved;
  // Change in parts of the first price, at ten decimals; zero without prints.
  std::string rate = "0";
  if (open.units != 0) {
    const auto share = on.price_decimal({size}).divide_floor(on.price_decimal(open), 10);
    rate = share.value_or(Decimal{}).to_string();
  }
  const std::string signed_rate = (moved < 0 ? "-" : "") + rate;
  const std::string stamp = format_rfc3339(last.time);
  const std::string date = stamp.substr(0, 4) + stamp.substr(5, 2) + stamp.substr(8, 2);
  const std::string clock = stamp.substr(11, 2) + stamp.substr(14, 2) + stamp.substr(17, 2);
  const auto price = [&](Price p) { return market_price(on, p); };
  JsonObject row;
  const auto number = [&](const char* long_key, const char* short_key, const std::string& text) {
    row.raw(simple ? short_key : long_key, text);
  };
  const auto text = [&](const char* long_key, const char* short_key, std::string_view value) {
    row.text(simple ? short_key : long_key, value);
  };
  text("trade_date", "tdt", date);
  text("trade_time", "ttm", clock);
  number("trade_timestamp", "ttms", std::to_string(last.time.ns_utc / 1'000'000));
  number("opening_price", "op", price(open));
  number("high_price", "hp", price(high));
  number("low_price", "lp", price(low));
  number("trade_price", "tp", price(last.price));
  number("prev_closing_price", "pcp", price(open));
  text("change", "c", change);
  number("change_price", "cp", market_number(size, on.price_scale));
  number("change_rate", "cr", rate);
  number("signed_change_price", "scp",
         (moved < 0 ? "-" : "") + market_number(size, on.price_scale));
  number("signed_change_rate", "scr", signed_rate);
  number("trade_volume", "tv", decimal_text(on, last.quantity));
  number("acc_trade_price", "atp", turnover.to_string());
  number("acc_trade_price_24h", "atp24h", turnover.to_string());
  number("acc_trade_volume", "atv", decimal_text(on, volume));
  number("acc_trade_volume_24h", "atv24h", decimal_text(on, volume));
  number("acc_ask_volume", "aav", decimal_text(on, asks));
  number("acc_bid_volume", "abv", decimal_text(on, bids));
  text("ask_bid", "ab", side_capitals(last.taker_side));
  number("highest_52_week_price", "h52wp", price(high));
  text("highest_52_week_date", "h52wdt", stamp.substr(0, 10));
  number("lowest_52_week_price", "l52wp", price(low));
  text("lowest_52_week_date", "l52wdt", stamp.substr(0, 10));
  number("timestamp", "tms", std::to_string(now_ms()));
  const std::string all = row.done();
  return all.substr(1, all.size() - 2);
}

HttpResponse UpbitServer::tickers(AccountId, const Fields& fields) {
  const auto ids = wanted(fields);
  if (!ids) return ids.error();
  JsonList rows;
  for (const InstrumentId id : *ids) {
    rows.raw(std::string(R"({"market":")")
                 .append(instrument(id).symbol.view())
                 .append("\",")
                 .append(ticker_fields(id, false))
                 .append("}"));
  }
  return answer(rows.done());
}

HttpResponse UpbitServer::all_tickers(AccountId, const Fields& fields) {
  const auto quotes = fields.list("quote_currencies");
  JsonList rows;
  for (const InstrumentId id : exchange_.instruments()) {
    const Instrument& on = instrument(id);
    if (std::ranges::find(quotes, asset(on.quote)) == quotes.end()) continue;
    rows.raw(std::string(R"({"market":")")
                 .append(on.symbol.view())
                 .append("\",")
                 .append(ticker_fields(id, false))
                 .append("}"));
  }
  return answer(rows.done());
}

HttpResponse UpbitServer::trade_ticks(AccountId, const Fields& fields) {
  const InstrumentId id = find_code(fields.get("market"));
  if (!id.valid()) return quotation_error(not_found);
  constexpr std::size_t most = 500;
  const auto count = count_of(fields.get("count"), 1, most);
  if (!count) return quotation_error(bad_request);
  const Instrument& on = instrument(id);
  std::vector<PublicTrade> prints = exchange_.trades(id, *count);
  std::ranges::reverse(prints);  // newest first
  JsonList rows;
  for (const PublicTrade& print : prints) {
    const std::string stamp = format_rfc3339(print.time);
    rows.raw(JsonObject()
                 .text("market", on.symbol.view())
                 .text("trade_date_utc", stamp.substr(0, 10))
                 .text("trade_time_utc", stamp.substr(11, 8))
                 .number("timestamp", print.time.ns_utc / 1'000'000)
                 .raw("trade_price", market_price(on, print.price))
                 .raw("trade_volume", decimal_text(on, print.quantity))
                 .raw("prev_closing_price", market_price(on, print.price))
                 .raw("change_price", "0")
                 .text("ask_bid", side_capitals(print.taker_side))
                 .number("sequential_id", print.id)
                 .done());
  }
  return answer(rows.done());
}

}  // namespace ats::venues::upbit
