#include "services/engine_host.hpp"

#include <algorithm>
#include <optional>

#include "io/clock.hpp"

namespace ats::services {
namespace {

// The venue an effect is for; nothing for notices.
std::optional<VenueId> venue_of(const Action& action, const Universe& universe) {
  const auto by_instrument = [&](InstrumentId id) { return universe.instrument(id).venue; };
  if (const auto* x = std::get_if<Place>(&action)) return by_instrument(x->order->instrument);
  if (const auto* x = std::get_if<Amend>(&action)) return by_instrument(x->order->instrument);
  if (const auto* x = std::get_if<Cancel>(&action)) return by_instrument(x->instrument);
  if (const auto* x = std::get_if<QueryOrder>(&action)) return by_instrument(x->instrument);
  if (const auto* x = std::get_if<RequestSnapshot>(&action)) return by_instrument(x->instrument);
  if (const auto* x = std::get_if<RequestImage>(&action)) return by_instrument(x->instrument);
  if (const auto* x = std::get_if<Resubscribe>(&action)) return by_instrument(x->instrument);
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
  engine_.on(event, now_, actions_);
  if (paper_ != nullptr) paper_->on_handled(event, now_);
  // Effects come first: they leave as soon as they are journalled, and what is only told is journalled after.
  std::size_t effects = 0;
  bool placed = false;
  for (std::size_t n = 0; n < actions_.size(); ++n) {
    if (!venue_of(actions_[n], universe_)) continue;
    effects = n + 1;
    placed = placed || std::holds_alternative<Place>(actions_[n]);
  }
  if (!journal_actions(0, effects)) return;
  const Times* times = market_times(event);
  if (times != nullptr) decision_.record((io::OsClock::now() - times->recv_time).ns);
  if (effects != 0) {
    if (const auto safe = journal_.commit(); !safe) {
      fail(std::string("the journal cannot be made safe: ") + io::name(safe.error()));
      return;
    }
    carry_out_all();
    if (placed && times != nullptr) order_.record((io::OsClock::now() - times->recv_time).ns);
  }
  if (!journal_actions(effects, actions_.size())) return;
  if (watcher_ != nullptr) watcher_->on_handled(event, now_, actions_);
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

// The legs of a trade are all made before the first is sent: between one and the next lies a send and no more.
void EngineHost::carry_out_all() {
  const auto for_orders = [this](auto what) {
    for (const Action& action : actions_) {
      if (!std::holds_alternative<Place>(action)) continue;
      io::VenueDriver* driver = drivers_[venue_of(action, universe_)->index()];
      if (driver != nullptr) (driver->*what)();
    }
  };
  for_orders(&io::VenueDriver::hold_orders);
  for (const Action& action : actions_) carry_out(action);
  for_orders(&io::VenueDriver::release_orders);
}

void EngineHost::carry_out(const Action& action) {
  const auto venue = venue_of(action, universe_);
  if (!venue) return;
  if (paper_ != nullptr && PaperDesk::concerns(action)) {
    paper_->act(action, now_);
    return;
  }
  if (io::VenueDriver* driver = drivers_[venue->index()]) driver->execute(action);
}

}  // namespace ats::services
