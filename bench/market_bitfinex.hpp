// Bitfinex's frames of one market, with what our client's flags append to each: a number and the time.
#pragma once

#include <string>

#include "domain/instrument.hpp"
#include "true_book.hpp"
#include "venues/bitfinex/number.hpp"

namespace ats::bench {

class BitfinexMarket {
 public:
  // Its book and its prints come over `channel` and the next one.
  BitfinexMarket(const Instrument& instrument, const BookRules& rules, std::uint64_t channel,
                 std::int64_t middle, Rng& rng)
      : instrument_(instrument),
        rules_(rules),
        rng_(rng),
        channel_(channel),
        book_(rng, rules.depth, middle, {1, 1'000, 300'000'000}) {}

  // What a connection begins with.
  static std::string info() {
    return R"({"event":"info","version":2,"serverId":"083bd8d4-aca7-4690-a573-eabfc8103de8","platform":{"status":1}})";
  }
  std::string book_subscribed() const {
    const std::string symbol(instrument_.symbol.view());
    return R"({"event":"subscribed","channel":"book","chanId":)" + std::to_string(channel_) +
           R"(,"symbol":")" + symbol + R"(","prec":"P0","freq":"F0","len":"25","pair":")" +
           symbol.substr(1) + "\"}";
  }
  std::string trades_subscribed() const {
    const std::string symbol(instrument_.symbol.view());
    return R"({"event":"subscribed","channel":"trades","chanId":)" + std::to_string(channel_ + 1) +
           R"(,"symbol":")" + symbol + R"(","pair":")" + symbol.substr(1) + "\"}";
  }
  // The next frame's number; a connection begins with 1.
  void number_from(std::uint64_t sequence) { sequence_ = sequence; }

  std::string snapshot(std::int64_t ms) {
    std::string levels = "[";
    for (const Level& level : book_.bids()) levels += level_text(level, false) + ',';
    for (const Level& level : book_.asks()) levels += level_text(level, true) + ',';
    levels.back() = ']';
    return frame(channel_, levels, ms);
  }
  // One frame a level.
  std::vector<std::string> updates(std::int64_t ms, std::int64_t middle) {
    book_.stir(middle);
    std::vector<std::string> frames;
    for (const Level& level : book_.told_bids())
      frames.push_back(frame(channel_, level_text(level, false), ms));
    for (const Level& level : book_.told_asks())
      frames.push_back(frame(channel_, level_text(level, true), ms));
    return frames;
  }
  std::string checksum(std::int64_t ms) {
    const auto sum = static_cast<std::int32_t>(rules_.checksum(
        {book_.bids(), book_.asks(), instrument_.price_scale, instrument_.qty_scale}));
    return frame(channel_, R"("cs",)" + std::to_string(sum), ms);
  }
  std::string trade(std::int64_t ms) {
    const bool sold = rng_.one_in(2);
    const Price price = (sold ? book_.bids() : book_.asks())[0].price;
    std::string text =
        R"("te",[)" + std::to_string(++trade_id_) + ',' + std::to_string(ms - 8) + ',';
    if (sold) text += '-';
    text += number(book_.quantity(), instrument_.qty_scale) + ',' +
            number(price.units, instrument_.price_scale) + ']';
    return frame(channel_ + 1, text, ms);
  }
  std::string heartbeat(std::int64_t ms) { return frame(channel_, R"("hb")", ms); }

 private:
  static std::string number(std::int64_t units, int scale) {
    return venues::bitfinex::spelled(units, scale);
  }
  // Gone: no order left, and an amount of one whose sign is the side.
  std::string level_text(const Level& level, bool ask) const {
    const bool gone = level.quantity.units == 0;
    std::string text = "[" + number(level.price.units, instrument_.price_scale) + ',';
    text += std::to_string(gone ? 0 : level.quantity.units % 9 + 1) + ',';
    if (ask) text += '-';
    return text + (gone ? "1" : number(level.quantity.units, instrument_.qty_scale)) + ']';
  }
  std::string frame(std::uint64_t channel, const std::string& data, std::int64_t ms) {
    return "[" + std::to_string(channel) + ',' + data + ',' + std::to_string(sequence_++) + ',' +
           std::to_string(ms) + ']';
  }

  const Instrument& instrument_;
  const BookRules& rules_;
  Rng& rng_;
  const std::uint64_t channel_;
  ShallowBook book_;
  std::uint64_t sequence_ = 1;
  std::uint64_t trade_id_ = 669'899'159;
};

}  // namespace ats::bench
