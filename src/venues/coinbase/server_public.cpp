// Calls that need no token: products, books, prints, the clock; and the older paths that list currencies.
#include <algorithm>

#include "venues/coinbase/metadata.hpp"
#include "venues/coinbase/server.hpp"
#include "venues/coinbase/server_text.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr std::size_t whole_book = std::size_t{1} << 20;

HttpResponse answer(std::string body) {
  return {200, {{"Content-Type", "application/json"}}, std::move(body)};
}

HttpResponse no_product() {
  return {
      404, {{"Content-Type", "application/json"}}, grpc_error("NOT_FOUND", 5, "product not found")};
}

}  // namespace

HttpResponse CoinbaseServer::time() const {
  const std::int64_t millis = now().ns_utc / 1'000'000;
  return answer(JsonObject()
                    .text("iso", format_rfc3339(now()))
                    .text("epochSeconds", std::to_string(millis / 1'000))
                    .text("epochMillis", std::to_string(millis))
                    .done());
}

std::string CoinbaseServer::product_json(const Instrument& on) const {
  const BookImage top = exchange_.book(on.id, 1);
  const auto last = last_trade_.find(on.id);
  const std::string price = last != last_trade_.end() ? price_text(on, last->second.price)
                            : !top.bids.empty()       ? price_text(on, top.bids.front().price)
                                                      : std::string();
  const std::string_view book = book_of(on);
  JsonList twins;  // products that share this one's book
  for (const InstrumentId id : exchange_.instruments()) {
    const Instrument& other = instrument(id);
    if (id != on.id && book_of(other) == on.symbol.view()) twins.text(other.symbol.view());
  }
  const bool closed = maintenance_ || on.status == InstrumentStatus::Halted;
  return JsonObject()
      .text("product_id", on.symbol.view())
      .text("price", price)
      .text("price_percentage_change_24h", "0")
      .text("volume_24h", "0")
      .text("volume_percentage_change_24h", "0")
      .text("base_increment", step_text(on.lot, on.qty_scale))
      .text("quote_increment", step_text(on.tick, on.price_scale))
      .text("price_increment", step_text(on.tick, on.price_scale))
      .text("quote_min_size", on.min_notional.to_string())
      .text("quote_max_size", "150000000")
      .text("base_min_size", quantity_text(on, on.min_quantity))
      .text("base_max_size", on.max_quantity.is_zero() ? std::string("1000000000")
                                                       : quantity_text(on, on.max_quantity))
      .text("base_name", asset(on.base))
      .text("quote_name", asset(on.quote))
      .flag("watched", false)
      .flag("is_disabled", false)
      .flag("new", false)
      .text("status", "online")
      .flag("cancel_only", on.status == InstrumentStatus::CancelOnly)
      .flag("limit_only", false)
      .flag("post_only", on.status == InstrumentStatus::PostOnly)
      .flag("trading_disabled", closed)
      .flag("auction_mode", false)
      .text("product_type", "SPOT")
      .text("quote_currency_id", asset(on.quote))
      .text("base_currency_id", asset(on.base))
      .raw("fcm_trading_session_details", "null")
      .text("mid_market_price", "")
      .text("alias", book == on.symbol.view() ? std::string_view() : book)
      .raw("alias_to", twins.done())
      .text("base_display_symbol", asset(on.base))
      .text("quote_display_symbol", asset(on.quote))
      .flag("view_only", false)
      .text("display_name", on.symbol.view())
      .text("product_venue", "CBE")
      .text("best_bid_price", "")
      .text("best_ask_price", "")
      .done();
}

HttpResponse CoinbaseServer::products(const Query& query) const {
  JsonList all;
  std::size_t count = 0;
  const std::string_view type = query.get("product_type");
  const std::size_t limit = query.number("limit", whole_book);
  std::size_t skip = query.number("offset", 0);
  for (const InstrumentId id : exchange_.instruments()) {
    const Instrument& on = instrument(id);
    // No futures here, and so no contracts that expire either.
    if ((!type.empty() && type != "SPOT") || !query.admits("product_ids", on.symbol.view()))
      continue;
    if (skip != 0) {
      --skip;
    } else if (count < limit) {
      all.raw(product_json(on));
      ++count;
    }
  }
  return answer(JsonObject().raw("products", all.done()).number("num_products", count).done());
}

HttpResponse CoinbaseServer::product(std::string_view id) const {
  const InstrumentId found = find_product(id);
  return found.valid() ? answer(product_json(instrument(found))) : no_product();
}

std::string CoinbaseServer::book_json(const Instrument& on, std::size_t depth) const {
  const BookImage image = exchange_.book(on.id, depth);
  const auto side = [&on](const std::vector<Level>& levels) {
    JsonList list;
    for (const Level& level : levels) {
      list.raw(JsonObject()
                   .text("price", price_text(on, level.price))
                   .text("size", quantity_text(on, level.quantity))
                   .done());
    }
    return list.done();
  };
  return JsonObject()
      .text("product_id", on.symbol.view())
      .raw("bids", side(image.bids))
      .raw("asks", side(image.asks))
      .text("time", format_rfc3339(now()))
      .done();
}

HttpResponse CoinbaseServer::product_book(const Query& query) const {
  const InstrumentId found = find_product(query.get("product_id"));
  if (!found.valid()) return no_product();
  std::size_t depth = query.number("limit", 0);
  if (depth == 0) depth = whole_book;
  return answer(JsonObject().raw("pricebook", book_json(instrument(found), depth)).done());
}

HttpResponse CoinbaseServer::best_bid_ask(const Query& query) const {
  JsonList books;
  for (const InstrumentId id : exchange_.instruments()) {
    const Instrument& on = instrument(id);
    if (query.admits("product_ids", on.symbol.view())) books.raw(book_json(on, 1));
  }
  return answer(JsonObject().raw("pricebooks", books.done()).done());
}

std::string CoinbaseServer::trade_json(const PublicTrade& trade) const {
  const Instrument& on = instrument(trade.instrument);
  return JsonObject()
      .text("product_id", book_of(on))
      .text("trade_id", std::to_string(trade.id))
      .text("price", price_text(on, trade.price))
      .text("size", quantity_text(on, trade.quantity))
      .text("time", format_rfc3339(trade.time))
      .text("side", maker_word(trade.taker_side))
      .done();
}

HttpResponse CoinbaseServer::ticker(std::string_view id, const Query& query) const {
  const InstrumentId found = find_product(id);
  if (!found.valid()) return no_product();
  const Instrument& on = instrument(found);
  const std::vector<PublicTrade> trades =
      exchange_.trades(found, std::min<std::size_t>(query.number("limit", 100), 1000));
  JsonList list;  // newest first
  for (auto trade = trades.rbegin(); trade != trades.rend(); ++trade) list.raw(trade_json(*trade));
  const BookImage top = exchange_.book(found, 1);
  const auto best = [&on](const std::vector<Level>& levels) {
    return levels.empty() ? std::string() : price_text(on, levels.front().price);
  };
  return answer(JsonObject()
                    .raw("trades", list.done())
                    .text("best_bid", best(top.bids))
                    .text("best_ask", best(top.asks))
                    .done());
}

HttpResponse CoinbaseServer::v2_call(std::string_view path) const {
  const bool money = path == "/v2/currencies";
  if (path == "/v2/exchange-rates") {
    return answer(JsonObject()
                      .raw("data", JsonObject()
                                       .text("currency", "USD")
                                       .raw("rates", JsonObject().text("USD", "1").done())
                                       .done())
                      .done());
  }
  if (!money && path != "/v2/currencies/crypto") {
    return {404, {{"Content-Type", "application/json"}}, gateway_error("not_found", "Not found")};
  }
  JsonList list;
  std::vector<AssetId> seen;
  for (const InstrumentId id : exchange_.instruments()) {
    for (const AssetId one : {instrument(id).base, instrument(id).quote}) {
      const std::string_view name = asset(one);
      const bool fiat = name == "USD" || name == "EUR" || name == "GBP";
      if (fiat != money || std::find(seen.begin(), seen.end(), one) != seen.end()) continue;
      seen.push_back(one);
      JsonObject row;
      if (fiat)
        row.text("id", name).text("name", name).text("min_size", "0.01");
      else
        row.text("asset_id", name)
            .text("code", name)
            .text("name", name)
            .text("exponent", "8")
            .text("type", "crypto");
      list.raw(row.done());
    }
  }
  return answer(JsonObject().raw("data", list.done()).done());
}

}  // namespace ats::venues::coinbase
