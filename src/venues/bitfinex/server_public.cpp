// Public calls: what is listed, prices, books, prints.
#include <algorithm>
#include <set>

#include "venues/bitfinex/names.hpp"
#include "venues/bitfinex/server.hpp"
#include "venues/bitfinex/server_text.hpp"
#include "venues/json_write.hpp"
#include "venues/percent.hpp"

namespace ats::venues::bitfinex {
namespace {

// The parts of a path or a comma list.
std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(by), text.size());
    if (end != 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::size_t number_or(std::string_view text, std::size_t otherwise, std::size_t most) {
  std::size_t n = otherwise;
  if (!text.empty() && !integer_text(text, n)) n = otherwise;
  return std::min(n, most);
}

}  // namespace

HttpResponse BitfinexServer::public_call(std::string_view path, std::string_view query) {
  const std::string decoded = percent_decoded(path, false).value_or(std::string(path));
  const std::vector<std::string_view> parts = split(decoded, '/');
  if (maintenance_ && !decoded.starts_with("platform")) return error({20060, "maintenance"});
  if (decoded == "platform/status") return answer(maintenance_ ? "[0]" : "[1]");
  if (parts.size() == 2 && parts[0] == "conf") {
    JsonList values;
    for (const std::string_view key : split(parts[1], ',')) values.raw(conf_value(key));
    return answer(values.done());
  }
  if (parts.size() == 2 && parts[0] == "ticker") {
    const InstrumentId id = find_symbol(parts[1]);
    if (!id.valid()) return error({10020, "symbol: invalid"});
    return answer("[" + ticker_fields(instrument(id)) + "]");
  }
  if (decoded == "tickers") return tickers(query);
  if (parts.size() == 3 && parts[0] == "book") return book_answer(parts[1], parts[2], query);
  if (parts.size() == 3 && parts[0] == "trades" && parts[2] == "hist")
    return trades_answer(parts[1], query);
  return error({10020, "path: invalid"});
}

// One value of a conf call; a key that we do not have is an empty list.
std::string BitfinexServer::conf_value(std::string_view key) const {
  JsonList list;
  if (key == "pub:list:pair:exchange" || key == "pub:info:pair") {
    for (const InstrumentId id : exchange_.instruments()) {
      const Instrument& on = instrument(id);
      // Nothing says that a pair is closed but that it is listed no more.
      if (on.status != InstrumentStatus::Trading) continue;
      const std::string pair(on.symbol.view().substr(1));
      if (key == "pub:list:pair:exchange") {
        list.text(pair);
        continue;
      }
      JsonList limits;
      for (int i = 0; i < 3; ++i) limits.raw("null");
      limits.text(format_scaled_short(on.min_quantity.units, on.qty_scale));
      if (on.max_quantity.is_zero())
        limits.raw("null");
      else
        limits.text(format_scaled_short(on.max_quantity.units, on.qty_scale));
      for (int i = 0; i < 7; ++i) limits.raw("null");
      list.raw(JsonList().text(pair).raw(limits.done()).done());
    }
    return list.done();
  }
  std::set<std::string_view> codes;
  for (const InstrumentId id : exchange_.instruments()) {
    codes.insert(asset_code(asset(instrument(id).base)));
    codes.insert(asset_code(asset(instrument(id).quote)));
  }
  for (const std::string_view code : codes) {
    if (key == "pub:list:currency")
      list.text(code);
    else if (key == "pub:map:currency:label")
      list.raw(JsonList().text(code).text(asset_name(code)).done());
    else if (key == "pub:map:currency:sym" && asset_name(code) != code)
      list.raw(JsonList().text(code).text(asset_name(code)).done());
  }
  return list.done();
}

// [BID,BID_SIZE,ASK,ASK_SIZE,DAILY_CHANGE,DAILY_CHANGE_RELATIVE,LAST_PRICE,VOLUME,HIGH,LOW]; the sizes are
// sums of the 25 best levels. A day is as long as what the exchange remembers.
std::string BitfinexServer::ticker_fields(const Instrument& on) const {
  constexpr std::size_t summed = 25;
  constexpr std::size_t day = 1000;
  const BookImage book = exchange_.book(on.id, summed);
  const auto side = [&on](const std::vector<Level>& levels) {
    Quantity sum;
    for (const Level& level : levels) sum += level.quantity;
    const Price best = levels.empty() ? Price{} : levels.front().price;
    return price_text(on, best) + "," + amount_text(on, sum, false);
  };
  std::vector<PublicTrade> prints = exchange_.trades(on.id, day);
  std::sort(prints.begin(), prints.end(),
            [](const PublicTrade& a, const PublicTrade& b) { return a.id < b.id; });
  Price last = book.bids.empty() ? Price{} : book.bids.front().price;
  Price first = last;
  Price high = last;
  Price low = last;
  Quantity volume;
  if (!prints.empty()) {
    first = high = low = prints.front().price;
    last = prints.back().price;
    for (const PublicTrade& print : prints) {
      high = std::max(high, print.price);
      low = std::min(low, print.price);
      volume += print.quantity;
    }
  }
  const Decimal change = on.price_decimal(last) - on.price_decimal(first);
  const auto relative = change.divide_floor(on.price_decimal(first), 8);
  std::string fields = side(book.bids) + "," + side(book.asks);
  fields.append(",").append(change.to_string());
  fields.append(",").append(relative ? relative->to_string() : "0");
  fields.append(",").append(price_text(on, last));
  fields.append(",").append(amount_text(on, volume, false));
  fields.append(",").append(price_text(on, high));
  return fields.append(",").append(price_text(on, low));
}

HttpResponse BitfinexServer::tickers(std::string_view query) const {
  const std::string wanted = query_value(query, "symbols");
  const std::vector<std::string_view> symbols = split(wanted, ',');
  if (symbols.empty()) return error({10020, "symbols: invalid"});
  const bool all = wanted == "ALL";
  JsonList rows;
  for (const InstrumentId id : exchange_.instruments()) {
    const Instrument& on = instrument(id);
    if (!all && std::find(symbols.begin(), symbols.end(), on.symbol.view()) == symbols.end())
      continue;
    rows.raw("[\"" + std::string(on.symbol.view()) + "\"," + ticker_fields(on) + "]");
  }
  return answer(rows.done());
}

HttpResponse BitfinexServer::book_answer(std::string_view symbol, std::string_view precision,
                                         std::string_view query) const {
  Topic topic;
  topic.instrument = find_symbol(symbol);
  if (!topic.instrument.valid()) return error({10020, "symbol: invalid"});
  const std::optional<int> told = precision_of(precision);
  if (!told) return error({10020, "precision: invalid"});
  topic.precision = *told;
  topic.length = static_cast<std::uint16_t>(number_or(query_value(query, "len"), 25, 250));
  const View view = look(topic);
  JsonList rows;
  for (const Level& level : view.bids) rows.raw(entry(topic, level, false, false));
  for (const Level& level : view.asks) rows.raw(entry(topic, level, true, false));
  return answer(rows.done());
}

HttpResponse BitfinexServer::trades_answer(std::string_view symbol, std::string_view query) const {
  const InstrumentId id = find_symbol(symbol);
  if (!id.valid()) return error({10020, "symbol: invalid"});
  const std::size_t limit = number_or(query_value(query, "limit"), 125, 10'000);
  std::vector<PublicTrade> prints = exchange_.trades(id, limit);
  const bool oldest_first = query_value(query, "sort") == "1";
  std::sort(prints.begin(), prints.end(),
            [oldest_first](const PublicTrade& a, const PublicTrade& b) {
              return oldest_first ? a.id < b.id : a.id > b.id;
            });
  JsonList rows;
  for (const PublicTrade& print : prints) rows.raw(print_row(instrument(id), print));
  return answer(rows.done());
}

}  // namespace ats::venues::bitfinex
