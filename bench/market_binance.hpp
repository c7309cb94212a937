// Binance's frames of one market.
#pragma once

#include <string>

#include "domain/instrument.hpp"
#include "true_book.hpp"

namespace ats::bench {

class BinanceMarket {
 public:
  BinanceMarket(const Instrument& instrument, std::int64_t middle, Rng& rng)
      : instrument_(instrument), rng_(rng), book_(rng, middle, 1'000, 500'000) {}

  std::string depth_body() const {
    std::string out = R"({"lastUpdateId":)" + std::to_string(last_) + R"(,"bids":)";
    append_levels(out, book_.book().bids);
    out += R"(,"asks":)";
    append_levels(out, book_.book().asks);
    return out + '}';
  }

  // About 14 levels, as at BTCUSDT every 100 ms.
  std::string depth(std::int64_t ms, std::int64_t middle) {
    book_.stir(middle, 4 + rng_.below(21));
    const std::uint64_t first = last_ + 1;
    last_ += rng_.below(20) + 1;
    std::string out = R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":)" +
                      std::to_string(ms) + R"(,"s":"BTCUSDT","U":)" + std::to_string(first) +
                      R"(,"u":)" + std::to_string(last_) + R"(,"b":)";
    append_levels(out, book_.changes().bids);
    out += R"(,"a":)";
    append_levels(out, book_.changes().asks);
    return out + "}}";
  }

  std::string top() const {
    std::string out = R"({"stream":"btcusdt@bookTicker","data":{"u":)" + std::to_string(last_) +
                      R"(,"s":"BTCUSDT")";
    append_side(out, R"(,"b":")", R"(","B":")", *book_.book().bids.begin());
    append_side(out, R"(,"a":")", R"(","A":")", *book_.book().asks.begin());
    return out + "}}";
  }

  std::string trade(std::int64_t ms) {
    const bool sold = rng_.one_in(2);
    const std::int64_t price =
        sold ? book_.book().bids.begin()->first : book_.book().asks.begin()->first;
    std::string out = R"({"stream":"btcusdt@trade","data":{"e":"trade","E":)" + std::to_string(ms) +
                      R"(,"s":"BTCUSDT","t":)" + std::to_string(++trade_id_) + R"(,"p":")";
    append_padded(out, price, instrument_.price_scale);
    out += R"(","q":")";
    append_padded(out, book_.quantity(), instrument_.qty_scale);
    out += R"(","T":)" + std::to_string(ms - 1) + R"(,"m":)" + (sold ? "true" : "false");
    return out + R"(,"M":true}})";
  }

 private:
  // "61837.63000000": Binance writes eight decimals, whatever the tick.
  static void append_padded(std::string& out, std::int64_t units, int scale) {
    out += format_scaled(units, scale);
    out.append(static_cast<std::size_t>(8 - scale), '0');
  }
  void append_levels(std::string& out, const auto& levels) const {
    out += '[';
    bool first = true;
    for (const auto& [price, quantity] : levels) {
      out += first ? "[\"" : ",[\"";
      first = false;
      append_padded(out, price, instrument_.price_scale);
      out += "\",\"";
      append_padded(out, quantity, instrument_.qty_scale);
      out += "\"]";
    }
    out += ']';
  }
  void append_side(std::string& out, const char* price_key, const char* quantity_key,
                   const std::pair<const std::int64_t, std::int64_t>& level) const {
    out += price_key;
    append_padded(out, level.first, instrument_.price_scale);
    out += quantity_key;
    append_padded(out, level.second, instrument_.qty_scale);
    out += '"';
  }

  const Instrument& instrument_;
  Rng& rng_;
  DeepBook book_;
  std::uint64_t last_ = 50'093'239'202;
  std::uint64_t trade_id_ = 3'735'683'259;
};

}  // namespace ats::bench
