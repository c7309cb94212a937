// What of an engine's life must not be lost on the bus: each fill that was booked and each trade that is over, numbered from
// 1 in the order of the journal. Folded from events and the actions that followed, so that a restart gives the same
// messages the same numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"

namespace ats::services {

enum class BusStream : std::uint8_t { Fill, Execution };
const char* name(BusStream stream);
constexpr std::size_t bus_stream_count = 2;

struct BusItem {
  BusStream stream = BusStream::Fill;
  std::uint64_t number = 0;
  std::string channel;
  std::string bytes;
};

class BusFeed {
 public:
  explicit BusFeed(std::string source) : source_(std::move(source)) {}

  // Appends what it makes known.
  void on(const Event& event, const Actions& actions, std::vector<BusItem>& out);

  // When the journal was begun, ms since 1970; 0 before the first event.
  std::uint64_t journal() const { return journal_; }
  std::uint32_t life() const { return life_; }
  const std::string& source() const { return source_; }

 private:
  void take(const Fill& fill, bool ours, std::vector<BusItem>& out);

  std::string source_;
  std::uint64_t journal_ = 0;
  std::uint32_t life_ = 0;
  WallTime wall_;
  Universe universe_;
  std::uint64_t numbers_[bus_stream_count] = {};
};

}  // namespace ats::services
