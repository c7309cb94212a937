// Kraken's frames of one market.
#pragma once

#include <string>

#include "domain/instrument.hpp"
#include "true_book.hpp"

namespace ats::bench {

class KrakenMarket {
 public:
  KrakenMarket(const Instrument& instrument, const BookRules& rules, std::int64_t middle, Rng& rng)
      : instrument_(instrument),
        rules_(rules),
        rng_(rng),
        book_(rng, rules.depth, middle, {1, 5'000, 300'000'000}) {}

  std::string snapshot(std::int64_t ms) const {
    return frame("snapshot", book_.bids(), book_.asks(), ms);
  }
  // One to three changes on one side, as recorded; what follows for the ten levels that a subscriber keeps.
  std::string update(std::int64_t ms, std::int64_t middle) {
    book_.stir(middle);
    return frame("update", book_.told_bids(), book_.told_asks(), ms);
  }
  std::string trade(std::int64_t ms) {
    std::string out = R"({"channel":"trade","type":"update","data":[)";
    const bool several = rng_.one_in(4);
    for (int n = several ? 2 : 1; n != 0; --n) {
      const bool sold = rng_.one_in(2);
      out += R"({"symbol":"BTC/USDT","side":")";
      out += sold ? "sell" : "buy";
      out += R"(","price":)";
      out += format_scaled((sold ? book_.bids() : book_.asks())[0].price.units,
                           instrument_.price_scale);
      out += R"(,"qty":)" + format_scaled(book_.quantity(), instrument_.qty_scale) +
             R"(,"ord_type":"limit","trade_id":)" + std::to_string(++trade_id_) +
             R"(,"timestamp":")" + stamp(ms) + "\"}";
      if (n == 2) out += ',';
    }
    return out + "]}";
  }

 private:
  static std::string stamp(std::int64_t ms) {
    return format_rfc3339(WallTime{ms * 1'000'000 + 745'000});
  }
  std::string frame(const char* type, const std::vector<Level>& bids,
                    const std::vector<Level>& asks, std::int64_t ms) const {
    std::string out = std::string(R"({"channel":"book","type":")") + type +
                      R"(","data":[{"symbol":"BTC/USDT","bids":)";
    append(out, bids);
    out += R"(,"asks":)";
    append(out, asks);
    out += R"(,"checksum":)" + std::to_string(rules_.checksum({book_.bids(), book_.asks()}));
    return out + R"(,"timestamp":")" + stamp(ms) + "\"}]}";
  }
  void append(std::string& out, const std::vector<Level>& levels) const {
    out += '[';
    for (const Level& level : levels) {
      if (out.back() != '[') out += ',';
      out += R"({"price":)" + format_scaled(level.price.units, instrument_.price_scale) +
             R"(,"qty":)" + format_scaled(level.quantity.units, instrument_.qty_scale) + '}';
    }
    out += ']';
  }

  const Instrument& instrument_;
  const BookRules& rules_;
  Rng& rng_;
  ShallowBook book_;
  std::uint64_t trade_id_ = 4'665'906;
};

}  // namespace ats::bench
