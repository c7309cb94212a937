#include "services/engine_host.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "io/clock.hpp"
#include "services/book_feed.hpp"

namespace ats::services {
namespace {

// The venue an effect is for; nothing for notices.
std::optional<VenueId> venue_of(const Action& action, const Universe& universe) {
  const auto by_instrument = [&](InstrumentId id) { return universe.instrument(id).venue; };
  if (const auto* x = std::get_if<Place>(&action)) return by_instrument(x->order->instrument);
  if (const auto* x = std::get_if<Amend>(&action)) return by_instrument(x->order->instrument);
  if (const auto* x = std::get_if<Cancel>(&action)) return by_instrument(x->instrument);
  if (const auto* x = std::get_if<QueryOrder>(&action)) return by_instrument(x->instrument);
  if (const InstrumentId book = book_asked_for(action); book.valid()) return by_instrument(book);
  if (const auto* x = std::get_if<QueryOpenOrders>(&action)) return x->venue;
  if (const auto* x = std::get_if<QueryBalances>(&action)) return x->venue;
  return std::nullopt;
}

const Times* market_times(const Event& event) {
  if (const auto* e = std::get_if<BookDelta>(&event)) return &e->times;
  if (const auto* e = std::get_if<BookSnapshot>(&event)) return &e->times;
  if (const auto* e = std::get_if<Trade>(&event)) return &e->times;
  return nullptr;
}

}  // namespace

EngineHost::EngineHost(core::Engine& engine, io::JournalWriter& journal, const Universe& universe)
    : engine_(engine), journal_(journal), universe_(universe), drivers_(universe.venues().size()) {}

void EngineHost::add_driver(io::VenueDriver& driver) { drivers_[driver.venue().index()] = &driver; }

void EngineHost::on(const Event& event) {
  if (busy_) {
    // Raised by what an action did: its turn comes next. Views would not live that long.
    ATS_ASSERT(!std::holds_alternative<BookDelta>(event) &&
               !std::holds_alternative<BookSnapshot>(event) &&
               !std::holds_alternative<BookImage>(event));
    pending_.push_back(event);
    return;
  }
  busy_ = true;
  handle(event);
  while (!pending_.empty()) {
    const Event next = pending_.front();
    pending_.pop_front();
    handle(next);
  }
  busy_ = false;
}

void EngineHost::handle(const Event& event) {
  if (!failure_.empty()) return;
  now_ = std::max(now_, io::OsClock::now());
  if (const auto written = journal_.append(event, now_); !written) {
    fail(std::string("the journal cannot be written: ") + io::name(written.error()));
    return;
  }
  actions_.clear();
  left_ = 0;
  placed_ = false;
  decided_ = {};
  // On paper an order meets the books as this event leaves them.
  engine_.on(event, now_, actions_, paper_ == nullptr ? this : nullptr);
  if (paper_ != nullptr) paper_->on_handled(event, now_);
  // Effects come first: they leave as soon as they are journalled, and what is only told is journalled after.
  std::size_t effects = left_;
  for (std::size_t n = left_; n < actions_.size(); ++n) {
    if (venue_of(actions_[n], universe_)) effects = n + 1;
  }
  if (!failure_.empty() || !depart(effects)) return;
  if (const Times* times = market_times(event); times != nullptr) {
    const Instant now = io::OsClock::now();
    decision_.record(((decided_.ns != 0 ? decided_ : now) - times->recv_time).ns);
    if (placed_) order_.record((now - times->recv_time).ns);
  }
  if (!journal_actions(left_, actions_.size())) return;
  if (watcher_ != nullptr) watcher_->on_handled(event, now_, actions_);
}

bool EngineHost::depart(std::size_t to) {
  if (!failure_.empty()) return false;
  if (left_ == to) return true;
  if (!journal_actions(left_, to)) return false;
  if (const auto safe = journal_.commit(); !safe) {
    fail(std::string("the journal cannot be made safe: ") + io::name(safe.error()));
    return false;
  }
  carry_out(std::exchange(left_, to), to);
  return true;
}

void EngineHost::fail(std::string why) {
  failure_ = std::move(why);
  if (watcher_ != nullptr) watcher_->on_failed(now_);
}

bool EngineHost::journal_actions(std::size_t from, std::size_t to) {
  for (std::size_t n = from; n < to; ++n) {
    stopped_ = stopped_ || std::holds_alternative<Stopped>(actions_[n]);
    if (const auto written = journal_.append(actions_[n]); !written) {
      fail(std::string("the journal cannot be written: ") + io::name(written.error()));
      return false;
    }
  }
  return true;
}

// Each leg of a trade leaves as soon as it is made; those of one venue that follow each other, together. What is
// told of them comes after the last.
void EngineHost::carry_out(std::size_t from, std::size_t to) {
  const venues::Now now{io::OsClock::now(), io::OsClock::wall()};
  if (decided_.ns == 0) decided_ = now.instant;
  for (std::size_t n = from; n < to; ++n) {
    const Action& action = actions_[n];
    const bool order = std::holds_alternative<Place>(action);
    placed_ = placed_ || order;
    io::VenueDriver* const driver = driver_for(action);
    if (market_ != nullptr && book_asked_for(action).valid()) {
      market_->ask(action);
    } else if (paper_ != nullptr && PaperDesk::concerns(action)) {
      paper_->act(action, now_);
    } else if (driver != nullptr) {
      const bool another = order && n + 1 < to && std::holds_alternative<Place>(actions_[n + 1]) &&
                           driver_for(actions_[n + 1]) == driver;
      if (another) driver->hold_orders();
      driver->execute(action, now);
      if (order && !another) driver->release_orders();
    }
  }
  if (!placed_) return;
  for (io::VenueDriver* driver : drivers_) {
    if (driver != nullptr) driver->tell_sent();
  }
}

io::VenueDriver* EngineHost::driver_for(const Action& action) const {
  const auto venue = venue_of(action, universe_);
  return venue ? drivers_[venue->index()] : nullptr;
}

}  // namespace ats::services
