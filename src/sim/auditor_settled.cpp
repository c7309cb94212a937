// What must be true once things have settled: checked from time to time, and at the end.

#include <algorithm>

#include "base/assert.hpp"
#include "sim/auditor.hpp"

namespace ats::sim {

bool Auditor::settled(VenueId venue, Instant since, std::span<const Instant> calm_since,
                      Instant now) const {
  return now - std::max(since, std::min(calm_since[venue.index()], now)) >= settle;
}

void Auditor::see_fills(Instant now) {
  for (Watched& venue : watched_) {
    if (venue.exchange == nullptr) continue;
    for (; venue.fills_seen < venue.exchange->fills_made(); ++venue.fills_seen) {
      const venues::VenueFill* made = venue.exchange->fill(venue.fills_seen);
      ATS_ASSERT(made != nullptr);  // looked at far more often than the exchange forgets
      const venues::VenueFill& fill = *made;
      // What a stranger trades on our account is no fill of ours (auditor_foreign.cpp).
      const auto ours = parse_client_order_id(fill.client_order_id);
      if (fill.account != venue.account || !ours) continue;
      const FillKey fill_key{fill.instrument.value, std::to_string(fill.trade_id)};
      fills_[fill_key].fill = fill;
      unbooked_[fill_key] = now;
      if (const auto order = orders_.find(ours->value); order != orders_.end()) {
        order->second.filled += fill.quantity;
        order->second.fills.push_back(fill_key.second);
      }
    }
  }
}

void Auditor::remember(const OrderRequest& order, Instant now) {
  // An id that was used before is a violation that is told; the watching goes on by the newer one.
  if (orders_.count(order.id.value) != 0) forget(order.id.value);
  Order& fresh = orders_[order.id.value] = {};
  fresh.request = order;
  fresh.placed = now;
  ++nets_[order.execution.value].orders;
  to_forget_.push_back({order.id.value, now});
}

// Each is looked at when its time has come, and again as long after when it could not be forgotten then.
void Auditor::forget_settled(Instant now) {
  while (!to_forget_.empty() && now - to_forget_.front().since >= remembered) {
    const std::uint64_t id = to_forget_.front().order;
    to_forget_.pop_front();
    const auto order = orders_.find(id);
    if (order == orders_.end()) continue;
    if (settled(order->second)) {
      forget(id);
    } else {
      to_forget_.push_back({id, now});
    }
  }
}

bool Auditor::settled(const Order& order) const {
  if (!order.final || order.booked != order.filled) return false;
  if (open_.count(order.request.execution.value) != 0) return false;
  const Watched& venue = watched_[instrument(order.request.instrument).venue.index()];
  const std::string name(client_order_id(order.request.id).view());
  const venues::VenueOrder* there = venue.exchange->find_order(venue.account, {0, name});
  return there == nullptr || (!there->live() && there->executed == order.booked);
}

void Auditor::forget(std::uint64_t id) {
  const auto order = orders_.find(id);
  for (const std::string& fill : order->second.fills) {
    fills_.erase({order->second.request.instrument.value, fill});
  }
  const auto net = nets_.find(order->second.request.execution.value);
  if (--net->second.orders == 0) nets_.erase(net);
  orders_.erase(order);
}

void Auditor::check(const CoreStatus& status, std::span<const Instant> calm_since, Instant now) {
  check_foreign(now);
  see_fills(now);
  forget_settled(now);
  refresh_mids();
  halted_from_outside_.clear();
  for (const HoldStatus& hold : status.holds) {
    if (hold.state == RiskState::Halted && hold.by != HoldBy::Engine)
      halted_from_outside_.insert(key(hold.scope));
  }
  check_fills(calm_since, now);
  check_ledger(status, calm_since, now);
  check_exposure(calm_since, now);
  check_quotes(calm_since, now);
  check_beliefs(status, now);
  check_loss(status, now);
  // What the risk role holds up it also lifts.
  const auto own = [](const HoldStatus& hold) {
    return hold.state == RiskState::Halted && hold.by == HoldBy::Engine;
  };
  for (const auto& [halt, strict] : halts_) {
    const bool kept = std::ranges::any_of(status.holds, [&, of = halt](const HoldStatus& hold) {
      return own(hold) && key(hold.scope) == of;
    });
    if (!kept) violate(Invariant::HaltsHold, now, "a halt that nobody lifted is gone");
  }
  for (const HoldStatus& hold : status.holds) {
    if (own(hold)) halts_.emplace(key(hold.scope), now + config_.resolve_within);
  }
  if (now - last_conserved_ < seconds(60)) return;
  last_conserved_ = now;
  for (const Watched& venue : watched_) {
    if (venue.exchange != nullptr && !venue.exchange->conserved()) {
      violate(Invariant::MoneyConserved, now, "a simulated exchange lost or made money");
    }
  }
}

void Auditor::check_fills(std::span<const Instant> calm_since, Instant now) {
  for (auto& [fill_key, since] : unbooked_) {
    const VenueId venue = universe_.instrument(InstrumentId{fill_key.first}).venue;
    if (!settled(venue, since, calm_since, now)) continue;
    violate(Invariant::FillBookedOnce, now,
            "fill " + fill_key.second + " on " +
                universe_.instrument_name(InstrumentId{fill_key.first}) + " was never booked");
    since = now;  // told again only after another while
  }
}

bool Auditor::differs(VenueId venue) {
  const Watched& watched = watched_[venue.index()];
  for (std::size_t a = 0; a < universe_.assets().size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    if (watched.exchange->balance(watched.account, asset).total != ledger(venue, asset)) {
      return true;
    }
  }
  return false;
}

void Auditor::check_ledger(const CoreStatus& status, std::span<const Instant> calm_since,
                           Instant now) {
  for (const BalanceStatus& balance : status.balances) {
    if (balance.total != ledger(balance.venue, balance.asset)) {
      violate(Invariant::LedgerBalances, now,
              "the engine shows " + balance.total.to_string() + " and booked " +
                  ledger(balance.venue, balance.asset).to_string());
    }
  }
  for (std::size_t v = 0; v < watched_.size(); ++v) {
    const VenueId id{static_cast<VenueId::rep>(v)};
    Watched& venue = watched_[v];
    if (venue.exchange == nullptr || !venue.opened) continue;
    if (!differs(id)) {
      venue.differs_since = {};
      venue.break_raised = false;
      continue;
    }
    if (venue.differs_since == Instant{}) venue.differs_since = now;
    // A venue is compared when it is quiet, twice, and that may take a few rounds.
    const bool had_time = now - venue.differs_since >= config_.balance_interval * 8;
    if (!had_time || venue.break_raised) continue;
    // A venue that did not answer is asked ever less often, in the end each so many deadlines.
    const Duration asked_again = config_.order_deadline * 32;
    if (!settled(id, venue.differs_since, calm_since, now - asked_again)) continue;
    violate(Invariant::LedgerBalances, now,
            "the ledger of " + std::string(universe_.venue(id).name.view()) +
                " is not what the venue holds, and no break was raised");
    venue.differs_since = now;
  }
}

void Auditor::refresh_mids() {
  for (const Instrument& i : instruments_) {
    const auto bid = books_[i.id.index()].best(Side::Buy);
    const auto ask = books_[i.id.index()].best(Side::Sell);
    if (!bid || !ask) continue;
    const Decimal sum = i.price_decimal(*bid) + i.price_decimal(*ask);
    mids_[i.pair.index()] = Decimal::from_raw(sum.raw() / 2);
  }
  refresh_marks();
}

// Outwards from the reporting asset over the pairs whose mid is known.
void Auditor::refresh_marks() {
  const AssetId reporting = universe_.find_asset(config_.reporting_asset.view());
  if (!reporting.valid()) return;
  std::vector<bool> done(marks_.size());
  marks_[reporting.index()] = Decimal::from_int(1);
  done[reporting.index()] = true;
  for (bool more = true; more;) {
    more = false;
    for (std::size_t p = 0; p < mids_.size(); ++p) {
      const Pair& pair = universe_.pairs()[p];
      const std::size_t base = pair.base.index();
      const std::size_t quote = pair.quote.index();
      if (mids_[p].is_zero() || done[base] == done[quote]) continue;
      const auto mark = done[quote] ? marks_[quote].multiply_floor(mids_[p])
                                    : marks_[base].divide_floor(mids_[p]);
      if (!mark) continue;
      (done[quote] ? marks_[base] : marks_[quote]) = *mark;
      done[base] = done[quote] = more = true;
    }
  }
}

Decimal Auditor::change(AssetId asset) {
  Decimal sum = -opening_[asset.index()];
  for (std::size_t v = 0; v < watched_.size(); ++v) {
    sum += ledger(VenueId{static_cast<VenueId::rep>(v)}, asset);
  }
  return sum;
}

bool Auditor::pair_halted(AssetId base) const {
  for (std::size_t p = 0; p < mids_.size(); ++p) {
    const PairId pair{static_cast<PairId::rep>(p)};
    if (base_of(pair) == base && held_up({{}, pair})) return true;
  }
  return false;
}

// Losing more than a day may is followed by a halt of everything, within seconds.
void Auditor::check_loss(const CoreStatus& status, Instant now) {
  Decimal made;
  for (std::size_t a = 0; a < opening_.size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    made += worth(asset, change(asset));
  }
  const std::int64_t day = status.wall.day_utc();
  if (day != day_) {
    day_ = day;
    day_began_with_ = made;
    lost_too_much_ = false;
  }
  // Ours is taken at other moments and other mids than the engine's.
  const Decimal most = config_.max_daily_loss + Decimal::from_int(5) +
                       *config_.max_daily_loss.multiply_floor(Decimal::of("0.1"));
  const bool too_much = day_began_with_ - made > most && !halted({});
  if (too_much && lost_too_much_) {
    violate(Invariant::HaltsHold, now,
            "lost " + (day_began_with_ - made).to_string() + " today, and nothing is halted");
  }
  lost_too_much_ = too_much;
}

Decimal Auditor::worth(AssetId asset, Decimal amount) const {
  if (universe_.asset(asset).name == config_.reporting_asset) return amount;
  const auto product = amount.multiply_floor(marks_[asset.index()]);
  return product ? *product : Decimal{};
}

void Auditor::check_exposure(std::span<const Instant> calm_since, Instant now) {
  const auto base_settled = [&](AssetId base, Instant since, Duration length) {
    for (const Instrument& i : instruments_) {
      if (i.base != base) continue;
      const Instant calm = std::max(since, std::min(calm_since[i.venue.index()], now));
      if (now - calm < length) return false;
      if (held_up({i.venue, {}}) || i.status != InstrumentStatus::Trading) return false;
    }
    return true;
  };
  for (auto& [id, execution] : open_) {
    if (quotes(execution)) {
      execution.opened = now;  // it stands as long as it is wanted
      continue;
    }
    if (base_settled(base_of(execution.pair), execution.opened, resolve) ||
        now - execution.opened > resolve_at_last) {
      violate(Invariant::ExposureResolved, now,
              "an execution on " + universe_.pair_name(execution.pair) + " does not end");
      execution.opened = now;
    }
  }
  // A little more than the tolerance: it is measured at other moments than ours.
  const Decimal most =
      config_.residual_tolerance + *config_.residual_tolerance.multiply_floor(Decimal::of("0.2"));
  for (std::size_t a = 0; a < inventory_.size(); ++a) {
    const AssetId base{static_cast<AssetId::rep>(a)};
    const bool busy = std::any_of(open_.begin(), open_.end(), [&](const auto& execution) {
      return base_of(execution.second.pair) == base && !quotes(execution.second);
    });
    const bool excused = busy || pair_halted(base) || held_up({});
    if (excused || worth(base, inventory_[a]).abs() <= most) {
      open_since_[a] = {};
      continue;
    }
    if (open_since_[a] == Instant{}) open_since_[a] = now;
    if (!base_settled(base, open_since_[a], settle)) continue;
    violate(Invariant::ExposureResolved, now,
            inventory_[a].to_string() + " " + std::string(universe_.asset(base).name.view()) +
                " stays open with nobody at work on it");
    open_since_[a] = now;
  }
}

}  // namespace ats::sim
