// What is still to happen in the in-memory world, in the order it will: messages on their way to the
// engine, requests on their way to a venue, and alarms. Things due at the same instant happen in the
// order they were put in. Payloads live in pools and are reused: nothing is allocated once warm.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"

namespace ats::sim {

// Which question of ours a message answers.
enum class Asked : std::uint8_t { Nothing, Place, Cancel, Query, Amend };

// To the engine. The spans of a book event are bound to `bids` and `asks` when it is handed over.
struct Message {
  Event event;
  std::vector<Level> bids;
  std::vector<Level> asks;
  Asked answers = Asked::Nothing;
  OrderId order;  // of the question it answers
  Channel channel = Channel::MarketData;
  std::uint32_t epoch = 0;  // of the channel's connection: a message of an earlier one is lost
  bool by_rest = false;     // needs no connection; `epoch` is of the engine's life
};

// To a venue.
struct Request {
  Action action = Stopped{};
  std::uint32_t epoch = 0;  // of the connection it was sent on; by REST, of the engine's life
  Instant sent;
};

enum class Happening : std::uint8_t {
  Deliver,    // payload: message
  Arrive,     // payload: request
  Connect,    // payload: Channel
  LinkTick,   // a venue's heartbeat and the client's watchdogs
  Timer,      // the engine's duty cycle
  FaultDue,   // payload: row of the fault plan
  FaultOver,  // payload: row of the fault plan
  Command,    // a person does something
  Resume,     // payload: index of what a person will lift
  Stranger,   // somebody else uses one of our accounts
  SetLimit,   // a person changes what an order may trade for
  Crash,
  Restart,
};

struct Upcoming {
  Instant at;
  std::uint64_t number = 0;
  Happening kind = Happening::Timer;
  std::uint8_t venue = 0;
  std::uint32_t payload = 0;
  bool operator>(const Upcoming& o) const { return at != o.at ? at > o.at : number > o.number; }
};

template <class T>
class Pool {
 public:
  std::uint32_t take() {
    if (free_.empty()) {
      items_.emplace_back();
      return static_cast<std::uint32_t>(items_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(std::uint32_t slot) { free_.push_back(slot); }
  T& operator[](std::uint32_t slot) { return items_[slot]; }

 private:
  std::deque<T> items_;  // addresses stay
  std::vector<std::uint32_t> free_;
};

class Timeline {
 public:
  Pool<Message> messages;
  Pool<Request> requests;

  void put(Instant at, Happening kind, std::uint8_t venue, std::uint32_t payload) {
    heap_.push_back({at, ++number_, kind, venue, payload});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  bool empty() const { return heap_.empty(); }
  const Upcoming& next() const { return heap_.front(); }
  Upcoming take() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const Upcoming first = heap_.back();
    heap_.pop_back();
    return first;
  }

 private:
  std::vector<Upcoming> heap_;
  std::uint64_t number_ = 0;
};

}  // namespace ats::sim
