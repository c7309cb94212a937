// Coinbase's frames of one market (Advanced Trade). Every frame of a connection is numbered.
#pragma once

#include <string>

#include "domain/instrument.hpp"
#include "true_book.hpp"

namespace ats::bench {

class CoinbaseMarket {
 public:
  CoinbaseMarket(const Instrument& instrument, std::int64_t middle, Rng& rng)
      : instrument_(instrument), rng_(rng), book_(rng, middle, 500, 200'000'000) {}

  // The next frame's number; a connection begins with 0.
  void number_from(std::uint64_t sequence) { sequence_ = sequence; }

  std::string snapshot(std::int64_t ms) { return levels("snapshot", book_.book(), ms); }
  // One to fourteen levels, about as recorded at BTC-USD.
  std::string update(std::int64_t ms, std::int64_t middle) {
    book_.stir(middle, 1 + rng_.below(rng_.one_in(3) ? 14 : 6));
    return levels("update", book_.changes(), ms);
  }
  std::string trades(std::int64_t ms) {
    std::string out = head("market_trades", ms) + R"({"type":"update","trades":[)";
    for (std::uint64_t n = rng_.one_in(4) ? rng_.below(4) + 1 : 1; n != 0; --n) {
      const bool sold = rng_.one_in(2);
      const std::int64_t price =
          sold ? book_.book().bids.begin()->first : book_.book().asks.begin()->first;
      if (out.back() == '}') out += ',';
      out += R"({"product_id":")" + std::string(instrument_.symbol.view()) + R"(","trade_id":")" +
             std::to_string(++trade_id_) + R"(","price":")" +
             format_scaled_short(price, instrument_.price_scale) + R"(","size":")" +
             format_scaled_short(book_.quantity(), instrument_.qty_scale) + R"(","time":")" +
             stamp(ms - 3, 167'000) + R"(","side":")" + (sold ? "BUY" : "SELL") + "\"}";
    }
    return out + "]}]}";
  }
  std::string heartbeat(std::int64_t ms) {
    std::string now = format_rfc3339(WallTime{ms * 1'000'000 + 840'045});
    now[10] = ' ';
    now.pop_back();
    return head("heartbeats", ms) + R"({"current_time":")" + now +
           R"( +0000 UTC m=+41691.260485341","heartbeat_counter":)" +
           std::to_string(++heartbeats_) + "}]}";
  }

 private:
  static std::string stamp(std::int64_t ms, std::int64_t ns) {
    return format_rfc3339(WallTime{ms * 1'000'000 + ns});
  }
  std::string head(const char* channel, std::int64_t ms) {
    return std::string(R"({"channel":")") + channel + R"(","timestamp":")" + stamp(ms, 350'477) +
           R"(","sequence_num":)" + std::to_string(sequence_++) + R"(,"events":[)";
  }
  std::string levels(const char* type, const TrueBook& told, std::int64_t ms) {
    std::string out = head("l2_data", ms) + R"({"type":")" + type + R"(","product_id":")" +
                      std::string(instrument_.symbol.view()) + R"(","updates":[)";
    const std::string time = stamp(ms - 60, 883'000);
    append(out, "bid", told.bids, time);
    append(out, "offer", told.asks, time);
    return out + "]}]}";
  }
  void append(std::string& out, const char* side, const auto& levels,
              const std::string& time) const {
    for (const auto& [price, quantity] : levels) {
      if (out.back() == '}') out += ',';
      out += std::string(R"({"side":")") + side + R"(","event_time":")" + time +
             R"(","price_level":")" + format_scaled_short(price, instrument_.price_scale) +
             R"(","new_quantity":")" + format_scaled_short(quantity, instrument_.qty_scale) + "\"}";
    }
  }

  const Instrument& instrument_;
  Rng& rng_;
  DeepBook book_;
  std::uint64_t sequence_ = 0;
  std::uint64_t trade_id_ = 1'068'572'090;
  std::uint64_t heartbeats_ = 41'690;
};

}  // namespace ats::bench
