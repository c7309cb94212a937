// Upbit's frames of one market, in the short format that our client asks for and in the long one.
#pragma once

#include <string>

#include "domain/instrument.hpp"
#include "true_book.hpp"
#include "venues/upbit/server_text.hpp"

namespace ats::bench {

class UpbitMarket {
 public:
  UpbitMarket(const Instrument& instrument, const BookRules& rules, std::int64_t middle, Rng& rng)
      : instrument_(instrument),
        rng_(rng),
        step_(instrument.tick_at({middle})),
        book_(rng, rules.depth, on_step(middle), {step_, 20'000, 90'000'000}) {}

  void stir(std::int64_t middle) { book_.stir(on_step(middle)); }

  // The whole book: fifteen levels a side, one size in a dozen below a thousandth and so with an exponent.
  std::string book(std::int64_t ms, bool simple) const {
    std::string out = simple ? R"({"ty":"orderbook","cd":")" : R"({"type":"orderbook","code":")";
    out += std::string(instrument_.symbol.view()) + (simple ? R"(","tms":)" : R"(","timestamp":)");
    out += std::to_string(ms) + (simple ? R"(,"tas":)" : R"(,"total_ask_size":)");
    out += size(total(book_.asks())) + (simple ? R"(,"tbs":)" : R"(,"total_bid_size":)");
    out += size(total(book_.bids())) + (simple ? R"(,"obu":[)" : R"(,"orderbook_units":[)");
    for (std::size_t i = 0; i < book_.bids().size(); ++i) {
      const Level& bid = book_.bids()[i];
      const Level& ask = book_.asks()[i];
      if (i != 0) out += ',';
      out += (simple ? R"({"ap":)" : R"({"ask_price":)") + price(ask.price);
      out += (simple ? R"(,"bp":)" : R"(,"bid_price":)") + price(bid.price);
      out += (simple ? R"(,"as":)" : R"(,"ask_size":)") + size(shrunk(ask, i));
      out += (simple ? R"(,"bs":)" : R"(,"bid_size":)") + size(shrunk(bid, i)) + '}';
    }
    return out +
           (simple ? R"(],"st":"REALTIME","lv":0})" : R"(],"stream_type":"REALTIME","level":0})");
  }

  std::string trade(std::int64_t ms, bool simple) {
    const bool sold = rng_.one_in(2);
    const Price at = (sold ? book_.bids() : book_.asks())[0].price;
    const std::string stamp = format_rfc3339(wall_from_ms(ms));
    std::string out = simple ? R"({"ty":"trade","cd":")" : R"({"type":"trade","code":")";
    out += std::string(instrument_.symbol.view()) + (simple ? R"(","tms":)" : R"(","timestamp":)");
    out += std::to_string(ms) + (simple ? R"(,"td":")" : R"(,"trade_date":")");
    out += stamp.substr(0, 10) + (simple ? R"(","ttm":")" : R"(","trade_time":")");
    out += stamp.substr(11, 8) + (simple ? R"(","ttms":)" : R"(","trade_timestamp":)");
    out += std::to_string(ms - 12) + (simple ? R"(,"tp":)" : R"(,"trade_price":)");
    out += price(at) + (simple ? R"(,"tv":)" : R"(,"trade_volume":)");
    out += size(book_.quantity()) + (simple ? R"(,"ab":")" : R"(,"ask_bid":")");
    out +=
        std::string(sold ? "ASK" : "BID") + (simple ? R"(","pcp":)" : R"(","prev_closing_price":)");
    out += std::string("61500.00000000") +
           (simple ? R"(,"c":"RISE","cp":)" : R"(,"change":"RISE","change_price":)");
    out += std::string("12.00000000") + (simple ? R"(,"sid":)" : R"(,"sequential_id":)");
    out += std::to_string(ms) + "000" + std::to_string(++trades_ % 10);
    return out + (simple ? R"(,"st":"REALTIME"})" : R"(,"stream_type":"REALTIME"})");
  }

 private:
  std::int64_t on_step(std::int64_t units) const { return units - units % step_; }
  std::string price(Price price) const { return venues::upbit::market_price(instrument_, price); }
  std::string size(std::int64_t units) const {
    return venues::upbit::market_number(units, instrument_.qty_scale);
  }
  static std::int64_t shrunk(const Level& level, std::size_t i) {
    const bool small = (static_cast<std::uint64_t>(level.quantity.units) + i) % 12 == 0;
    return small ? level.quantity.units / 2'000 + 1 : level.quantity.units;
  }
  static std::int64_t total(const std::vector<Level>& levels) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < levels.size(); ++i) sum += shrunk(levels[i], i);
    return sum;
  }

  const Instrument& instrument_;
  Rng& rng_;
  const std::int64_t step_;
  ShallowBook book_;
  std::uint64_t trades_ = 0;
};

}  // namespace ats::bench
