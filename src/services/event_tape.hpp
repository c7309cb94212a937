// The last fills, trades and alerts of an engine, numbered as in its journal, for those who follow them over gRPC: whoever asks for
// what came after a number gets all of it, or is told that it is kept no more. Folded like the bus (bus_feed.hpp), so that a
// restart keeps numbers and content.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "services/bus_feed.hpp"

namespace ats::services {

class EventTape {
 public:
  static constexpr std::size_t kept_most = 10'000;  // of a stream

  explicit EventTape(std::string source) : feed_(std::move(source)) {}

  void on(const Event& event, Instant now, const Actions& actions) {
    made_.clear();
    feed_.on(event, now, actions, made_);
    for (BusItem& item : made_) {
      auto& items = kept_[static_cast<std::size_t>(item.stream)];
      items.push_back(std::move(item));
      if (items.size() > kept_most) items.pop_front();
    }
  }

  // The messages (BusMessage, serialised) in the order of their numbers, without a hole.
  const std::deque<BusItem>& kept(BusStream stream) const {
    return kept_[static_cast<std::size_t>(stream)];
  }
  std::uint64_t last(BusStream stream) const {
    return kept(stream).empty() ? 0 : kept(stream).back().number;
  }
  // Null: it is kept no more, or was not made so far.
  const BusItem* find(BusStream stream, std::uint64_t number) const {
    const auto& items = kept(stream);
    if (items.empty() || number < items.front().number || number > items.back().number)
      return nullptr;
    return &items[number - items.front().number];
  }
  const BusFeed& feed() const { return feed_; }

 private:
  BusFeed feed_;
  std::vector<BusItem> made_;
  std::array<std::deque<BusItem>, bus_stream_count> kept_;
};

}  // namespace ats::services
