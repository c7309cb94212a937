// A book told order by order (precision R0), summed up to levels. Orders lie in a plain list: the venue
// sends at most 250 a side, and looking through them costs less than a table would.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "venues/bitfinex/frame.hpp"

namespace ats::venues::bitfinex {

class RawBook {
 public:
  void clear() { orders_.clear(); }

  // Takes what happened to one order into `out` as level changes (absolute quantities): at the price it
  // had, and at the price it has. False when a level's sum leaves the range of quantities.
  bool apply(const RawEntry& entry, Frame& out) {
    const auto known = std::find_if(orders_.begin(), orders_.end(),
                                    [&](const RawEntry& order) { return order.id == entry.id; });
    const bool was = known != orders_.end();
    const RawEntry before = was ? *known : RawEntry{};
    if (entry.price.units == 0) {
      if (!was) return true;
      *known = orders_.back();
      orders_.pop_back();
      return tell(before.side, before.price, out);
    }
    if (was)
      *known = entry;
    else
      orders_.push_back(entry);
    if (was && (before.side != entry.side || before.price != entry.price) &&
        !tell(before.side, before.price, out))
      return false;
    return tell(entry.side, entry.price, out);
  }

  // All levels, best first. False when a sum leaves the range.
  bool levels(Frame& out) const {
    out.bid_count = out.ask_count = 0;
    for (const RawEntry& order : orders_) {
      const bool first = std::none_of(orders_.begin(), orders_.end(), [&](const RawEntry& other) {
        return &other < &order && other.side == order.side && other.price == order.price;
      });
      if (first && !tell(order.side, order.price, out)) return false;
    }
    const auto better_bid = [](const Level& a, const Level& b) { return a.price > b.price; };
    const auto better_ask = [](const Level& a, const Level& b) { return a.price < b.price; };
    const auto bids = std::span(out.bids).first(out.bid_count);
    const auto asks = std::span(out.asks).first(out.ask_count);
    std::sort(bids.begin(), bids.end(), better_bid);
    std::sort(asks.begin(), asks.end(), better_ask);
    return true;
  }

 private:
  bool tell(Side side, Price price, Frame& out) const {
    Level level{price, {}};
    for (const RawEntry& order : orders_) {
      if (order.side == side && order.price == price &&
          __builtin_add_overflow(level.quantity.units, order.quantity.units, &level.quantity.units))
        return false;
    }
    auto& levels = side == Side::Buy ? out.bids : out.asks;
    std::size_t& count = side == Side::Buy ? out.bid_count : out.ask_count;
    if (count == levels.size()) levels.resize(2 * levels.size() + 64);
    levels[count++] = level;
    return true;
  }

  std::vector<RawEntry> orders_;
};

}  // namespace ats::venues::bitfinex
