// Public REST calls.
#include <algorithm>

#include "venues/kraken/names.hpp"
#include "venues/kraken/server.hpp"
#include "venues/kraken/server_text.hpp"

namespace ats::venues::kraken {
namespace {

std::string_view status_word(InstrumentStatus status) {
  switch (status) {
    case InstrumentStatus::Trading:
      return "online";
    case InstrumentStatus::CancelOnly:
      return "cancel_only";
    case InstrumentStatus::PostOnly:
      return "post_only";
    case InstrumentStatus::Halted:
      return "maintenance";
  }
  return "maintenance";
}

// Percent: 0.14 for 14 bps.
std::string percent_text(Rate rate) { return format_scaled_short(rate.ppb, 7); }

// A count the user gave, within [1, most]; `usual` when there is none or it is no number.
std::size_t count_of(std::string_view text, std::size_t usual, std::size_t most) {
  std::size_t count = 0;
  if (!integer_text(text, count) || count == 0) count = usual;
  return std::min(count, most);
}

}  // namespace

KrakenServer::Reply KrakenServer::time(const Fields&) {
  const std::int64_t seconds = now().ns_utc / 1'000'000'000;
  return result(
      JsonObject().number("unixtime", seconds).text("rfc1123", format_rfc3339(now())).done());
}

KrakenServer::Reply KrakenServer::system_status(const Fields&) {
  return result(JsonObject()
                    .text("status", maintenance_ ? "maintenance" : "online")
                    .text("timestamp", format_rfc3339(now()))
                    .done());
}

KrakenServer::Reply KrakenServer::assets(const Fields&) {
  std::vector<AssetId> traded;
  for (const InstrumentId id : exchange_.instruments()) {
    for (const AssetId one : {instrument(id).base, instrument(id).quote}) {
      if (std::find(traded.begin(), traded.end(), one) == traded.end()) traded.push_back(one);
    }
  }
  JsonObject all;
  for (const AssetId one : traded) {
    all.raw(rest_asset(asset(one)), JsonObject()
                                        .text("aclass", "currency")
                                        .text("altname", alt_asset(asset(one)))
                                        .number("decimals", 10)
                                        .number("display_decimals", 5)
                                        .text("status", "enabled")
                                        .done());
  }
  return result(all.done());
}

KrakenServer::Reply KrakenServer::asset_pairs(const Fields& fields) {
  std::vector<InstrumentId> wanted;
  for (const std::string_view pair : split(fields.get("pair"))) {
    const InstrumentId id = find_pair(pair);
    if (!id.valid()) return error("EQuery:Unknown asset pair");
    wanted.push_back(id);
  }
  if (wanted.empty()) wanted.assign(exchange_.instruments().begin(), exchange_.instruments().end());
  JsonObject all;
  for (const InstrumentId id : wanted) {
    const Instrument& on = instrument(id);
    const std::string_view base = asset(on.base);
    const std::string_view quote = asset(on.quote);
    JsonObject row;
    row.text("altname", alt_name(on))
        .text("wsname", std::string(alt_asset(base)).append("/").append(alt_asset(quote)))
        .text("aclass_base", "currency")
        .text("base", rest_asset(base))
        .text("aclass_quote", "currency")
        .text("quote", rest_asset(quote))
        .text("lot", "unit")
        .number("cost_decimals", int{on.fees.decimals})
        .number("pair_decimals", int{on.price_scale})
        .number("lot_decimals", int{on.qty_scale})
        .number("lot_multiplier", 1)
        .raw("leverage_buy", "[]")
        .raw("leverage_sell", "[]")
        .raw("fees", "[[0," + percent_text(on.fees.taker) + "]]")
        .raw("fees_maker", "[[0," + percent_text(on.fees.maker) + "]]")
        .text("fee_volume_currency", "ZUSD")
        .number("margin_call", 80)
        .number("margin_stop", 40)
        .text("ordermin", format_scaled_short(on.min_quantity.units, on.qty_scale))
        .text("costmin", on.min_notional.to_string())
        .text("tick_size", format_scaled_short(on.tick, on.price_scale))
        .text("status", maintenance_ ? "cancel_only" : status_word(on.status));
    all.raw(pair_id(on), row.done());
  }
  return result(all.done());
}

KrakenServer::Reply KrakenServer::ticker(const Fields& fields) {
  std::vector<InstrumentId> wanted;
  for (const std::string_view pair : split(fields.get("pair"))) {
    const InstrumentId id = find_pair(pair);
    if (!id.valid()) return error("EQuery:Unknown asset pair");
    wanted.push_back(id);
  }
  if (wanted.empty()) wanted.assign(exchange_.instruments().begin(), exchange_.instruments().end());
  constexpr std::size_t most_prints = 1000;
  JsonObject all;
  for (const InstrumentId id : wanted) {
    const Instrument& on = instrument(id);
    const BookImage book = exchange_.book(id, 1);
    const auto side = [&on](const std::vector<Level>& levels) {
      const Level level = levels.empty() ? Level{} : levels.front();
      const std::string quantity = quantity_text(on, level.quantity);
      return JsonList()
          .text(price_text(on, level.price))
          .text(quantity.substr(0, quantity.find('.')))
          .text(quantity)
          .done();
    };
    const std::vector<PublicTrade> prints = exchange_.trades(id, most_prints);
    Price low, high, open;
    Quantity volume;
    Decimal cost;
    for (const PublicTrade& print : prints) {
      if (open.units == 0) open = low = high = print.price;
      low = std::min(low, print.price);
      high = std::max(high, print.price);
      volume += print.quantity;
      cost += on.notional(print.price, print.quantity);
    }
    const PublicTrade last = prints.empty() ? PublicTrade{} : prints.back();
    VenueOrder day;  // only for its average
    day.executed = volume;
    day.quote_executed = cost;
    const auto twice = [](const std::string& text) {  // today, and the last 24 hours
      return JsonList().text(text).text(text).done();
    };
    const std::string count = std::to_string(prints.size());
    all.raw(pair_id(on), JsonObject()
                             .raw("a", side(book.asks))
                             .raw("b", side(book.bids))
                             .raw("c", JsonList()
                                           .text(price_text(on, last.price))
                                           .text(quantity_text(on, last.quantity))
                                           .done())
                             .raw("v", twice(quantity_text(on, volume)))
                             .raw("p", twice(average_price(on, day).to_string()))
                             .raw("t", "[" + count + "," + count + "]")
                             .raw("l", twice(price_text(on, low)))
                             .raw("h", twice(price_text(on, high)))
                             .text("o", price_text(on, open))
                             .done());
  }
  return result(all.done());
}

KrakenServer::Reply KrakenServer::depth(const Fields& fields) {
  const InstrumentId id = find_pair(fields.get("pair"));
  if (!id.valid()) return error("EQuery:Unknown asset pair");
  const Instrument& on = instrument(id);
  const BookImage book = exchange_.book(id, count_of(fields.get("count"), 100, 500));
  const std::string stamp = std::to_string(now().ns_utc / 1'000'000'000);
  const auto side = [&](const std::vector<Level>& levels) {
    JsonList list;
    for (const Level& level : levels) {
      list.raw(JsonList()
                   .text(price_text(on, level.price))
                   .text(quantity_text(on, level.quantity))
                   .raw(stamp)
                   .done());
    }
    return list.done();
  };
  return result(
      JsonObject()
          .raw(pair_id(on),
               JsonObject().raw("asks", side(book.asks)).raw("bids", side(book.bids)).done())
          .done());
}

KrakenServer::Reply KrakenServer::trades(const Fields& fields) {
  const InstrumentId id = find_pair(fields.get("pair"));
  if (!id.valid()) return error("EQuery:Unknown asset pair");
  const Instrument& on = instrument(id);
  std::int64_t since = 0;
  if (!integer_text(fields.get("since"), since)) since = 0;
  constexpr std::int64_t nanoseconds_begin = 1'000'000'000'000'000;  // smaller ones are seconds
  if (since < nanoseconds_begin) since *= 1'000'000'000;
  JsonList list;
  std::int64_t last = now().ns_utc;
  for (const PublicTrade& print : exchange_.trades(id, count_of(fields.get("count"), 1000, 1000))) {
    if (print.time.ns_utc <= since) continue;
    last = print.time.ns_utc;
    list.raw(JsonList()
                 .text(price_text(on, print.price))
                 .text(quantity_text(on, print.quantity))
                 .raw(seconds_text(print.time))
                 .text(print.taker_side == Side::Buy ? "b" : "s")
                 .text("m")
                 .text("")
                 .raw(std::to_string(print.id))
                 .done());
  }
  return result(
      JsonObject().raw(pair_id(on), list.done()).text("last", std::to_string(last)).done());
}

}  // namespace ats::venues::kraken
