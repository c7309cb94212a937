// What the channel ids of one connection stand for. The venue chooses them anew for each connection and
// tells them in `subscribed` events; data frames carry nothing else. Looked up per frame without
// allocation; changed only when a subscription begins or ends.
#pragma once

#include <cstdint>
#include <vector>

#include "domain/ids.hpp"

namespace ats::venues::bitfinex {

enum class ChannelKind : std::uint8_t {
  Book,           // levels, at any precision (P0..P4)
  RawBook,        // single orders (R0)
  Trades,         // public prints
  Unused,         // a kind of channel, or a second book of an instrument, that we do not use
  OtherProduct,   // funding, derivatives
  UnknownSymbol,  // a book or prints of an instrument that is not in the universe
  Left,           // we have unsubscribed: what still comes is of no use
};

struct FeedChannel {
  std::uint64_t id = 0;
  ChannelKind kind = ChannelKind::Unused;
  InstrumentId instrument;
  bool started = false;  // its first frame, the snapshot, has come
};

class Channels {
 public:
  Channels() { resize(64); }

  // Null when no subscription told of it.
  FeedChannel* find(std::uint64_t id) {
    for (std::size_t at = slot(id);; at = (at + 1) & mask_) {
      FeedChannel& channel = slots_[at];
      if (channel.id == id) return id == 0 ? nullptr : &channel;
      if (channel.id == 0) return nullptr;
    }
  }
  // `channel.id` is not 0. A known id gets the new meaning.
  void add(const FeedChannel& channel) {
    if (FeedChannel* known = find(channel.id)) {
      *known = channel;
      return;
    }
    if (2 * (count_ + 1) > slots_.size()) {
      if (slots_.size() < most_slots)
        resize(2 * slots_.size());
      else
        clear();  // no connection of the venue has so many
    }
    put(channel);
  }
  void clear() {
    slots_.assign(slots_.size(), {});
    count_ = 0;
  }
  template <class Visit>
  void each(Visit&& visit) {
    for (FeedChannel& channel : slots_) {
      if (channel.id != 0) visit(channel);
    }
  }

 private:
  static constexpr std::size_t most_slots = 4096;

  std::size_t slot(std::uint64_t id) const {
    return static_cast<std::size_t>((id * 0x9E3779B97F4A7C15ull) >> 40) & mask_;
  }
  void put(const FeedChannel& channel) {
    std::size_t at = slot(channel.id);
    while (slots_[at].id != 0) at = (at + 1) & mask_;
    slots_[at] = channel;
    ++count_;
  }
  void resize(std::size_t size) {
    std::vector<FeedChannel> before(size);
    before.swap(slots_);
    mask_ = size - 1;
    count_ = 0;
    for (const FeedChannel& channel : before) {
      if (channel.id != 0) put(channel);
    }
  }

  std::vector<FeedChannel> slots_;  // a power of two, at most half full; id 0: free
  std::size_t mask_ = 0;
  std::size_t count_ = 0;
};

}  // namespace ats::venues::bitfinex
