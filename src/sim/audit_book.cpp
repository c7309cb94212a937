#include "sim/audit_book.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

namespace ats::sim {
namespace {

constexpr std::size_t waiting_max = 20'000;

template <class Side>
void apply_side(Side& side, std::span<const Level> levels) {
  for (const Level& level : levels) {
    if (level.quantity.is_zero()) {
      side.erase(level.price.units);
    } else {
      side[level.price.units] = level.quantity.units;
    }
  }
}

template <class Side>
void cut_side(Side& side, std::size_t depth) {
  while (side.size() > depth) side.erase(std::prev(side.end()));
}

template <class Side>
std::size_t read(const Side& side, std::span<Level> out) {
  std::size_t n = 0;
  for (const auto& [price, quantity] : side) {
    if (n == out.size()) break;
    out[n++] = {{price}, {quantity}};
  }
  return n;
}

}  // namespace

void AuditBook::clear() {
  bids_.clear();
  asks_.clear();
  waiting_.clear();
  synced_ = false;
}

void AuditBook::on_up() {
  clear();
  up_ = true;
  lacks_ = "a snapshot";
}

void AuditBook::on_down() {
  clear();
  up_ = false;
  lacks_ = "a connection";
}

void AuditBook::on_fault() {
  clear();
  lacks_ = "a snapshot since a frame was refused";
}

bool AuditBook::crossed() const {
  return !bids_.empty() && !asks_.empty() && bids_.begin()->first >= asks_.begin()->first;
}

const char* AuditBook::why_not() const {
  if (!synced_) return lacks_;
  return crossed() ? "uncrossed sides" : "nothing";
}

std::optional<Price> AuditBook::best(Side side) const {
  if (!synced_) return std::nullopt;
  if (side == Side::Buy) {
    return bids_.empty() ? std::nullopt : std::optional(Price{bids_.begin()->first});
  }
  return asks_.empty() ? std::nullopt : std::optional(Price{asks_.begin()->first});
}

void AuditBook::apply(std::span<const Level> bids, std::span<const Level> asks) {
  apply_side(bids_, bids);
  apply_side(asks_, asks);
  if (rules_.depth == 0) return;
  cut_side(bids_, rules_.depth);
  cut_side(asks_, rules_.depth);
}

bool AuditBook::proves(const std::optional<std::uint32_t>& checksum) const {
  if (rules_.checksum == nullptr || !checksum) return true;
  std::array<Level, BookRules::checksum_levels_max> bids;
  std::array<Level, BookRules::checksum_levels_max> asks;
  const auto top_of = [&](const auto& from, std::array<Level, BookRules::checksum_levels_max>& to) {
    const std::span<Level> room = std::span(to).first(rules_.checksum_levels);
    return std::span<const Level>(room.first(read(from, room)));
  };
  const TopLevels top{top_of(bids_, bids), top_of(asks_, asks), price_scale_, qty_scale_};
  return rules_.checksum(top) == *checksum;
}

void AuditBook::on(const BookSnapshot& snapshot) {
  if (!up_) return;
  // Taken before what we have already: it says nothing new.
  if (rules_.sequence == SequenceRule::WholeBook) {
    if (synced_ && snapshot.last < last_) return;
  } else if (synced_ && rules_.sequence != SequenceRule::None && snapshot.last <= last_) {
    return;
  }
  bids_.clear();
  asks_.clear();
  apply(snapshot.bids, snapshot.asks);
  synced_ = proves(snapshot.checksum);
  lacks_ = "a right checksum";
  last_ = snapshot.last;
  if (rules_.sequence == SequenceRule::None || rules_.sequence == SequenceRule::WholeBook) return;
  // What came before the snapshot and reaches beyond it belongs on top of it. When something is missing
  // in between, a later snapshot may still join what has been kept.
  for (const Delta& held : waiting_) {
    if (!synced_ || held.last <= last_) continue;
    if (held.first > last_ + 1) {
      synced_ = false;
      lacks_ = "updates between snapshot and stream";
      continue;
    }
    apply(held.bids, held.asks);
    last_ = held.last;
  }
  if (synced_) waiting_.clear();
}

void AuditBook::on(const BookDelta& delta) {
  if (!up_) return;
  if (rules_.sequence == SequenceRule::None) {
    if (!synced_) return;
    apply(delta.bids, delta.asks);
    if (!proves(delta.checksum)) {
      clear();
      lacks_ = "a snapshot since a wrong checksum";
    }
    return;
  }
  if (synced_ && delta.last <= last_) return;
  if (synced_ && delta.first > last_ + 1) {
    clear();
    lacks_ = "updates that were missed";
  }
  if (!synced_) {
    if (waiting_.size() == waiting_max) waiting_.clear();
    waiting_.push_back({delta.first,
                        delta.last,
                        {delta.bids.begin(), delta.bids.end()},
                        {delta.asks.begin(), delta.asks.end()}});
    return;
  }
  apply(delta.bids, delta.asks);
  last_ = delta.last;
}

}  // namespace ats::sim
