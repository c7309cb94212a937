// What anyone may ask: time, instruments, books, prints, tickers.
#include <algorithm>
#include <charconv>

#include "venues/binance/server.hpp"
#include "venues/binance/server_text.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::binance {
namespace {

const char* status_text(InstrumentStatus status) {
  switch (status) {
    case InstrumentStatus::Trading:
    case InstrumentStatus::PostOnly:
      return "TRADING";
    case InstrumentStatus::CancelOnly:
      return "CANCEL_ONLY";
    case InstrumentStatus::Halted:
      return "HALT";
  }
  return "BREAK";
}

// The symbols named by `symbols=["A","B"]`; nothing when it is no such list.
std::optional<std::vector<std::string>> symbol_list(dom::Document& document,
                                                    std::string_view text) {
  dom::element root;
  dom::array items;
  if (!document.parse(text, root) || root.get_array().get(items) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::vector<std::string> all;
  for (const dom::element item : items) {
    std::string_view symbol;
    if (item.get_string().get(symbol) != simdjson::SUCCESS) return std::nullopt;
    all.emplace_back(symbol);
  }
  return all;
}

std::string symbol_json(const Instrument& i, std::string_view base, std::string_view quote) {
  const std::string most =
      i.max_quantity.is_zero() ? "9000000.00000000" : quantity_text(i, i.max_quantity);
  const Quantity least = i.min_quantity.is_zero() ? Quantity{i.lot} : i.min_quantity;
  JsonList filters;
  filters.raw(JsonObject()
                  .text("filterType", "PRICE_FILTER")
                  .text("minPrice", price_text(i, {i.tick}))
                  .text("maxPrice", "1000000000.00000000")
                  .text("tickSize", price_text(i, {i.tick}))
                  .done());
  for (const std::string_view type : {"LOT_SIZE", "MARKET_LOT_SIZE"}) {
    filters.raw(JsonObject()
                    .text("filterType", type)
                    .text("minQty", quantity_text(i, least))
                    .text("maxQty", most)
                    .text("stepSize", quantity_text(i, {i.lot}))
                    .done());
  }
  if (i.band.any()) {
    const auto factor = [](Rate rate) { return rate.decimal().to_string(); };
    filters.raw(
        JsonObject()
            .text("filterType", "PERCENT_PRICE_BY_SIDE")
            .text("bidMultiplierUp", factor(i.band.buy_most))
            .text("bidMultiplierDown", factor(i.band.buy_least))
            .text("askMultiplierUp", factor(i.band.sell_most))
            .text("askMultiplierDown", factor(i.band.sell_least))
            .number("avgPriceMins", static_cast<std::uint64_t>(i.band.over.ns / seconds(60).ns))
            .done());
  }
  filters.raw(JsonObject()
                  .text("filterType", "NOTIONAL")
                  .text("minNotional", amount_text(i.min_notional))
                  .flag("applyMinToMarket", true)
                  .text("maxNotional", "9000000000.00000000")
                  .flag("applyMaxToMarket", false)
                  .number("avgPriceMins", 5)
                  .done());
  return JsonObject()
      .text("symbol", i.symbol.view())
      .text("status", status_text(i.status))
      .text("baseAsset", base)
      .number("baseAssetPrecision", 8)
      .text("quoteAsset", quote)
      .number("quotePrecision", 8)
      .number("quoteAssetPrecision", 8)
      .number("baseCommissionPrecision", 8)
      .number("quoteCommissionPrecision", 8)
      .raw("orderTypes", R"(["LIMIT","LIMIT_MAKER","MARKET"])")
      .flag("icebergAllowed", false)
      .flag("ocoAllowed", false)
      .flag("otoAllowed", false)
      .flag("quoteOrderQtyMarketAllowed", true)
      .flag("allowTrailingStop", false)
      .flag("cancelReplaceAllowed", false)
      .flag("amendAllowed", false)
      .flag("isSpotTradingAllowed", true)
      .flag("isMarginTradingAllowed", false)
      .raw("filters", filters.done())
      .raw("permissions", "[]")
      .raw("permissionSets", R"([["SPOT"]])")
      .text("defaultSelfTradePreventionMode", "EXPIRE_MAKER")
      .raw("allowedSelfTradePreventionModes", R"(["EXPIRE_MAKER"])")
      .done();
}

std::size_t limit_of(const std::string* text, std::size_t usual, std::size_t most) {
  std::size_t limit = usual;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), limit);
  return std::clamp<std::size_t>(limit, 1, most);
}

std::string levels_json(const Instrument& i, std::span<const Level> levels) {
  JsonList list;
  for (const Level& level : levels) list.raw(level_json(i, level));
  return list.done();
}

std::string top_price(const Instrument& i, const std::vector<Level>& side) {
  return price_text(i, side.empty() ? Price{} : side.front().price);
}
std::string top_quantity(const Instrument& i, const std::vector<Level>& side) {
  return quantity_text(i, side.empty() ? Quantity{} : side.front().quantity);
}

}  // namespace

SpotServer::Reply SpotServer::ping(const Call&) { return {200, "{}", false}; }

SpotServer::Reply SpotServer::time(const Call&) {
  return {200, JsonObject().number("serverTime", now_ms()).done(), false};
}

SpotServer::Reply SpotServer::exchange_info(const Call& call) {
  std::vector<InstrumentId> wanted(exchange_.instruments().begin(), exchange_.instruments().end());
  std::optional<std::vector<std::string>> names;
  if (const std::string* symbol = call.parameters.find("symbol")) {
    names = std::vector{*symbol};
  } else if (const std::string* symbols = call.parameters.find("symbols")) {
    names = symbol_list(document_, *symbols);
    if (!names) return error(400, -1100, "Illegal characters found in parameter 'symbols'.");
  }
  if (names) {
    wanted.clear();
    for (const std::string& name : *names) {
      wanted.push_back(find(name));
      if (!wanted.back().valid()) return bad_symbol();
    }
  }
  JsonList symbols;
  for (const InstrumentId id : wanted) {
    const Instrument& i = instrument(id);
    symbols.raw(symbol_json(i, asset_name(i.base), asset_name(i.quote)));
  }
  return {
      200,
      JsonObject()
          .text("timezone", "UTC")
          .number("serverTime", now_ms())
          .raw(
              "rateLimits",
              R"([{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000},)"
              R"({"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":100},)"
              R"({"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":200000}])")
          .raw("exchangeFilters", "[]")
          .raw("symbols", symbols.done())
          .done(),
      false};
}

SpotServer::Reply SpotServer::depth(const Call& call) {
  const std::string* symbol = call.parameters.find("symbol");
  if (symbol == nullptr) return missing("symbol");
  const InstrumentId id = find(*symbol);
  if (!id.valid()) return bad_symbol();
  const BookImage image = exchange_.book(id, limit_of(call.parameters.find("limit"), 100, 5'000));
  return {200,
          JsonObject()
              .number("lastUpdateId", image.last)
              .raw("bids", levels_json(instrument(id), image.bids))
              .raw("asks", levels_json(instrument(id), image.asks))
              .done(),
          false};
}

SpotServer::Reply SpotServer::recent_trades(const Call& call) {
  const std::string* symbol = call.parameters.find("symbol");
  if (symbol == nullptr) return missing("symbol");
  const InstrumentId id = find(*symbol);
  if (!id.valid()) return bad_symbol();
  const Instrument& i = instrument(id);
  JsonList list;
  for (const PublicTrade& t :
       exchange_.trades(id, limit_of(call.parameters.find("limit"), 500, 1'000))) {
    list.raw(JsonObject()
                 .number("id", t.id)
                 .text("price", price_text(i, t.price))
                 .text("qty", quantity_text(i, t.quantity))
                 .text("quoteQty", amount_text(i.notional(t.price, t.quantity)))
                 .number("time", to_ms(t.time))
                 .flag("isBuyerMaker", t.taker_side == Side::Sell)
                 .flag("isBestMatch", true)
                 .done());
  }
  return {200, list.done(), false};
}

SpotServer::Reply SpotServer::aggregate_trades(const Call& call) {
  const std::string* symbol = call.parameters.find("symbol");
  if (symbol == nullptr) return missing("symbol");
  const InstrumentId id = find(*symbol);
  if (!id.valid()) return bad_symbol();
  JsonList list;
  for (const PublicTrade& t :
       exchange_.trades(id, limit_of(call.parameters.find("limit"), 500, 1'000))) {
    list.raw(aggregate_fields(JsonObject(), instrument(id), t).done());
  }
  return {200, list.done(), false};
}

SpotServer::Reply SpotServer::book_ticker(const Call& call) {
  const auto row = [this](InstrumentId id) {
    const Instrument& i = instrument(id);
    const BookImage top = exchange_.book(id, 1);
    return JsonObject()
        .text("symbol", i.symbol.view())
        .text("bidPrice", top_price(i, top.bids))
        .text("bidQty", top_quantity(i, top.bids))
        .text("askPrice", top_price(i, top.asks))
        .text("askQty", top_quantity(i, top.asks))
        .done();
  };
  return for_symbols(call, row);
}

SpotServer::Reply SpotServer::price_ticker(const Call& call) {
  const auto row = [this](InstrumentId id) {
    const auto trades = exchange_.trades(id, 1);
    return JsonObject()
        .text("symbol", instrument(id).symbol.view())
        .text("price", price_text(instrument(id), trades.empty() ? Price{} : trades.back().price))
        .done();
  };
  return for_symbols(call, row);
}

// Over the trades that the exchange still has.
SpotServer::Reply SpotServer::day_ticker(const Call& call) {
  const auto row = [this](InstrumentId id) {
    const Instrument& i = instrument(id);
    const BookImage top = exchange_.book(id, 1);
    const auto trades = exchange_.trades(id, 1'000);
    Price open, high, low, last;
    Decimal volume, quote_volume;
    for (const PublicTrade& t : trades) {
      if (open.units == 0) open = high = low = t.price;
      high = std::max(high, t.price);
      low = std::min(low, t.price);
      last = t.price;
      volume += i.quantity_decimal(t.quantity);
      quote_volume += i.notional(t.price, t.quantity);
    }
    const Decimal change = i.price_decimal(last) - i.price_decimal(open);
    const auto share = open.units == 0 ? Result<Decimal, NumberError>(Decimal())
                                       : change.divide_floor(i.price_decimal(open), 6);
    const auto average = volume.is_zero() ? Result<Decimal, NumberError>(Decimal())
                                          : quote_volume.divide_floor(volume, 8);
    const Decimal percent = share.value_or(Decimal()).multiply(Decimal::from_int(100)).value_or({});
    return JsonObject()
        .text("symbol", i.symbol.view())
        .text("priceChange", amount_text(change))
        .text("priceChangePercent", percent.floor_to(3).to_fixed(3))
        .text("weightedAvgPrice", amount_text(average.value_or(Decimal())))
        .text("prevClosePrice", price_text(i, open))
        .text("lastPrice", price_text(i, last))
        .text("lastQty", quantity_text(i, trades.empty() ? Quantity{} : trades.back().quantity))
        .text("bidPrice", top_price(i, top.bids))
        .text("bidQty", top_quantity(i, top.bids))
        .text("askPrice", top_price(i, top.asks))
        .text("askQty", top_quantity(i, top.asks))
        .text("openPrice", price_text(i, open))
        .text("highPrice", price_text(i, high))
        .text("lowPrice", price_text(i, low))
        .text("volume", amount_text(volume))
        .text("quoteVolume", amount_text(quote_volume))
        .number("openTime", trades.empty() ? now_ms() : to_ms(trades.front().time))
        .number("closeTime", now_ms())
        .number("firstId", trades.empty() ? 0 : trades.front().id)
        .number("lastId", trades.empty() ? 0 : trades.back().id)
        .number("count", trades.size())
        .done();
  };
  return for_symbols(call, row);
}

// One row for `symbol`, else a list for `symbols` or for all.
template <class Row>
SpotServer::Reply SpotServer::for_symbols(const Call& call, Row row) {
  if (const std::string* symbol = call.parameters.find("symbol")) {
    const InstrumentId id = find(*symbol);
    return id.valid() ? Reply{200, row(id), false} : bad_symbol();
  }
  JsonList list;
  if (const std::string* symbols = call.parameters.find("symbols")) {
    const auto names = symbol_list(document_, *symbols);
    if (!names) return error(400, -1100, "Illegal characters found in parameter 'symbols'.");
    for (const std::string& name : *names) {
      const InstrumentId id = find(name);
      if (!id.valid()) return bad_symbol();
      list.raw(row(id));
    }
  } else {
    for (const InstrumentId id : exchange_.instruments()) list.raw(row(id));
  }
  return {200, list.done(), false};
}

}  // namespace ats::venues::binance
