// A journal in memory, of a simulated process: its events, and a digest of what was answered to each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "domain/codec.hpp"

namespace ats::services {

class SimJournal {
 public:
  struct Record {
    std::size_t end = 0;  // in bytes_
    std::uint64_t answer = 0;
  };

  void begin(const Event& event, Instant now) {
    encode_event(event, now, bytes_);
    records_.push_back({bytes_.size(), 0});
  }
  void end(std::uint64_t answer) { records_.back().answer = answer; }
  std::span<const Record> records() const { return records_; }
  std::span<const std::byte> bytes(std::size_t record) const {
    const std::size_t from = record == 0 ? 0 : records_[record - 1].end;
    return std::span(bytes_).subspan(from, records_[record].end - from);
  }
  void forget() {
    std::vector<std::byte>().swap(bytes_);
    std::vector<Record>().swap(records_);
  }

  // Of what was answered, byte for byte.
  std::uint64_t digest(const Actions& actions) {
    scratch_.clear();
    for (const Action& action : actions) encode_action(action, scratch_);
    std::uint64_t sum = 14695981039346656037ull;
    for (const std::byte b : scratch_)
      sum = (sum ^ static_cast<std::uint64_t>(b)) * 0x100000001B3ull;
    return sum;
  }

 private:
  std::vector<std::byte> bytes_;
  std::vector<Record> records_;
  std::vector<std::byte> scratch_;
};

}  // namespace ats::services
