#include "core/risk/measures/profit_book.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace ats::core {
namespace {

// Of the execution, at the marks it states; nothing where there is none.
std::optional<Decimal> stated_worth(const ExecutionResolved& end, AssetId asset, Decimal amount) {
  if (amount.is_zero() || asset == end.reporting) return amount;
  for (std::size_t n = 0; n < end.mark_count; ++n) {
    if (end.marks[n].asset != asset) continue;
    if (const auto worth = end.marks[n].price.multiply_floor(amount)) return *worth;
  }
  return std::nullopt;
}

Profit less(const Profit& now, const Profit& before) {
  return {now.total - before.total, now.realised - before.realised, now.trades - before.trades};
}

std::vector<Profit> less(const std::vector<Profit>& now, const std::vector<Profit>& before,
                         bool last_is_nobody) {
  std::vector<Profit> out = now;
  for (std::size_t n = 0; n < before.size(); ++n) {
    // Lines are added before the last one, which is of what is not known.
    const bool nobody = last_is_nobody && n + 1 == before.size();
    Profit& line = nobody ? out.back() : out[n];
    line = less(line, before[n]);
  }
  return out;
}

}  // namespace

Decimal ProfitTable::residue(const Profit& all, std::span<const Profit> lines) {
  Decimal rest = all.total;
  for (const Profit& line : lines) rest -= line.total;
  return rest;
}

ProfitTable ProfitTable::since(const ProfitTable& earlier) const {
  ProfitTable out;
  out.all = less(all, earlier.all);
  out.venues = less(venues, earlier.venues, false);
  out.assets = less(assets, earlier.assets, true);
  out.strategies = less(strategies, earlier.strategies, true);
  out.complete = complete && earlier.complete;
  return out;
}

void ProfitBook::restart(const Universe& universe, AssetId reporting) {
  const std::size_t venues = universe.venues().size();
  const std::size_t assets = universe.assets().size();
  if (assets != assets_ || venues != venues_) {
    std::vector<Decimal> grown(venues * assets);
    for (std::size_t v = 0; v < venues_; ++v) {
      for (std::size_t a = 0; a < assets_; ++a) grown[v * assets + a] = on_venue_[v * assets_ + a];
    }
    on_venue_ = std::move(grown);
    changes_.resize(assets);
    for (auto& amounts : of_strategy_) amounts.resize(assets);
    // What no asset is known of stays last.
    of_base_.resize(assets_ + 1);
    of_base_.insert(of_base_.end() - 1, assets - assets_, {});
    realised_of_base_.resize(assets_ + 1);
    realised_of_base_.insert(realised_of_base_.end() - 1, assets - assets_, {});
    realised_on_venue_.resize(venues);
    venues_ = venues;
    assets_ = assets;
  }
  if (universe.pairs().size() > realised_of_pair_.size())
    realised_of_pair_.resize(universe.pairs().size());
  if (reporting == reporting_) return;
  reporting_ = reporting;
  realised_ = {};
  realised_on_venue_.assign(venues_, {});
  realised_of_base_.assign(assets_ + 1, {});
  realised_of_pair_.assign(realised_of_pair_.size(), {});
  realised_of_strategy_ = {};
  opened_ = {};
  days_.clear();
  since_ = {};
  reading_ = {};
}

void ProfitBook::add(Amounts& amounts, AssetId asset, Decimal amount) {
  for (Amount& known : amounts) {
    if (known.asset != asset) continue;
    known.amount += amount;
    return;
  }
  amounts.push_back({asset, amount});
}

// Who traded is told in one event with what was traded, and may be told after it.
void ProfitBook::on(std::span<const Action> actions, const Universe& universe) {
  for (const Action& action : actions) {
    if (const auto* place = std::get_if<Place>(&action)) {
      const OrderRequest& order = *place->order;
      if (order.instrument.index() >= universe.instruments().size()) continue;
      Execution& execution = executions_[order.execution.value];
      if (!execution.base.valid()) execution.base = universe.instrument(order.instrument).base;
      if (!orders_.emplace(order.id, order.execution.value).second) continue;
      execution.orders.push_back(order.id);
    } else if (const auto* found = std::get_if<OpportunityFound>(&action)) {
      if (!found->execution.valid()) continue;
      executions_[found->execution.value].strategy = static_cast<std::size_t>(found->strategy);
    }
  }
  for (const Action& action : actions) {
    if (const auto* entry = std::get_if<Booked>(&action)) {
      if (entry->kind == EntryKind::Fill) book(*entry);
    } else if (const auto* end = std::get_if<ExecutionResolved>(&action)) {
      realise(*end);
    }
  }
}

void ProfitBook::book(const Booked& entry) {
  const auto order = orders_.find(entry.order);
  Execution* execution = order == orders_.end() ? nullptr : &executions_[order->second];
  const std::size_t strategy = execution != nullptr ? execution->strategy : strategy_count;
  const std::size_t base = execution != nullptr ? base_line(execution->base) : assets_;
  for (std::size_t n = 0; n < entry.count; ++n) {
    const Posting& posting = entry.postings[n];
    if (posting.account != Account::Venue) continue;
    changes_[posting.asset.index()] += posting.amount;
    on_venue_[posting.venue.index() * assets_ + posting.asset.index()] += posting.amount;
    of_strategy_[strategy][posting.asset.index()] += posting.amount;
    add(of_base_[base], posting.asset, posting.amount);
    if (execution == nullptr) continue;
    auto& moved = execution->moved;
    const auto known = std::find_if(moved.begin(), moved.end(), [&](const Moved& m) {
      return m.venue == posting.venue && m.asset == posting.asset;
    });
    if (known != moved.end()) {
      known->amount += posting.amount;
    } else {
      moved.push_back({posting.venue, posting.asset, posting.amount});
    }
  }
}

// The whole asset by asset; each venue but the last its own part, and the last what they leave, so that they
// add up however the parts were rounded.
void ProfitBook::realise(const ExecutionResolved& end) {
  const auto found = executions_.find(end.execution.value);
  if (found == executions_.end()) return;
  Execution& execution = found->second;
  std::vector<Moved> moved = std::move(execution.moved);
  execution.moved.clear();
  if (!execution.settled) {
    execution.settled = true;
    settled_.push_back(end.execution.value);
    forget_old();  // may not be this one: it is the latest
  }
  if (moved.empty()) return;
  if (end.reporting != reporting_) {
    ++elsewhere_;
    return;
  }
  bool unmarked = false;
  const auto worth = [&](AssetId asset, Decimal amount) {
    const auto of = stated_worth(end, asset, amount);
    if (!of) unmarked = true;
    return of.value_or(Decimal());
  };
  Amounts sums;
  for (const Moved& m : moved) add(sums, m.asset, m.amount);
  Decimal all;
  for (const Amount& sum : sums) all += worth(sum.asset, sum.amount);

  std::sort(moved.begin(), moved.end(),
            [](const Moved& a, const Moved& b) { return a.venue < b.venue; });
  Decimal rest = all;
  for (std::size_t n = 0; n < moved.size();) {
    Decimal here;
    const VenueId venue = moved[n].venue;
    for (; n < moved.size() && moved[n].venue == venue; ++n) {
      here += worth(moved[n].asset, moved[n].amount);
    }
    if (n == moved.size()) here = rest;
    rest -= here;
    realised_on_venue_[venue.index()].add(here);
  }
  realised_.add(all);
  realised_of_base_[base_line(execution.base)].add(all);
  realised_of_strategy_[execution.strategy].add(all);
  if (end.pair.index() < realised_of_pair_.size()) realised_of_pair_[end.pair.index()].add(all);
  if (unmarked) ++unmarked_;
}

void ProfitBook::Realised::add(Decimal made) {
  amount += made;
  ++trades;
  if (made.is_zero()) return;
  ++decided;
  losses_in_a_row = made.negative() ? losses_in_a_row + 1 : 0;
}

RealisedLine ProfitBook::realised(const LimitWhere& where) const {
  const Realised& line = where.strategy
                             ? realised_of_strategy_[static_cast<std::size_t>(*where.strategy)]
                         : where.pair.valid()  ? realised_of_pair_[where.pair.index()]
                         : where.asset.valid() ? realised_of_base_[where.asset.index()]
                                               : realised_;
  RealisedLine out;
  for (std::size_t p = 0; p < period_count; ++p) out.current[p] = line.amount - line.began[p];
  out.losses_in_a_row = line.losses_in_a_row;
  out.decided = line.decided;
  return out;
}

void ProfitBook::forget_old() {
  while (settled_.size() > executions_kept) {
    const auto oldest = executions_.find(settled_.front());
    settled_.pop_front();
    if (oldest == executions_.end()) continue;
    for (const OrderId order : oldest->second.orders) orders_.erase(order);
    executions_.erase(oldest);
  }
}

ProfitTable ProfitBook::table(const Marks& marks) const {
  ProfitTable out;
  const auto add_worth = [&](Decimal& sum, std::size_t asset, Decimal amount) {
    if (amount.is_zero()) return;
    const auto worth = marks.worth({static_cast<AssetId::rep>(asset)}, amount);
    const auto added = worth ? sum.checked_add(*worth) : fail(NumberError::Overflow);
    if (added) sum = *added;
    if (!added || !marks.fresh({static_cast<AssetId::rep>(asset)})) out.complete = false;
  };
  const auto take = [](Profit& line, const Realised& realised) {
    line.realised = realised.amount;
    line.trades = realised.trades;
  };
  take(out.all, realised_);
  for (std::size_t a = 0; a < assets_; ++a) add_worth(out.all.total, a, changes_[a]);
  out.venues.resize(venues_);
  for (std::size_t v = 0; v < venues_; ++v) {
    take(out.venues[v], realised_on_venue_[v]);
    for (std::size_t a = 0; a < assets_; ++a) {
      add_worth(out.venues[v].total, a, on_venue_[v * assets_ + a]);
    }
  }
  out.assets.resize(assets_ + 1);
  for (std::size_t c = 0; c <= assets_; ++c) {
    take(out.assets[c], realised_of_base_[c]);
    for (const Amount& sum : of_base_[c]) {
      add_worth(out.assets[c].total, sum.asset.index(), sum.amount);
    }
  }
  out.strategies.resize(strategies);
  for (std::size_t s = 0; s < strategies; ++s) {
    take(out.strategies[s], realised_of_strategy_[s]);
    for (std::size_t a = 0; a < assets_; ++a) {
      add_worth(out.strategies[s].total, a, of_strategy_[s][a]);
    }
  }
  return out;
}

// When the clock was set back no period begins anew: time stands still until it is there again, and what is lost
// meanwhile counts.
void ProfitBook::on_time(const Marks& marks, WallTime wall) {
  if (!reporting_.valid()) return;
  if (reading_.at.told()) wall = std::max(wall, reading_.at);
  std::optional<ProfitTable> now;  // the whole table only where a period begins
  for (std::size_t p = 0; p < period_count; ++p) {
    const auto period = static_cast<Period>(p);
    const std::int64_t number = number_of(period, wall);
    if (reading_.at.told() && number == opened_[p].number) continue;
    if (!reading_.at.told()) {  // what was before the first reading counts from it on
      opened_[p] = {number, wall, {}};
      continue;
    }
    if (!now) now = table(marks);
    if (period == Period::Day) {
      days_.push_back({opened_[p].number, less(now->all, opened_[p].table.all)});
      if (days_.size() > days_kept) days_.erase(days_.begin());
    }
    opened_[p] = {number, wall, *now};
    const auto begin = [&](std::span<Realised> lines) {
      for (Realised& line : lines) line.began[p] = line.amount;
    };
    begin({&realised_, 1});
    begin(realised_of_base_);
    begin(realised_of_pair_);
    begin(realised_of_strategy_);
  }
  if (!since_.told()) since_ = wall;
  ++reading_.number;
  reading_.at = wall;
  reading_.ever = {{}, realised_.amount, realised_.trades};
  reading_.known = reading_.fresh = true;
  for (std::size_t a = 0; a < assets_; ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    if (changes_[a].is_zero()) continue;
    const auto worth = marks.worth(asset, changes_[a]);
    const auto added =
        worth ? reading_.ever.total.checked_add(*worth) : fail(NumberError::Overflow);
    if (added) reading_.ever.total = *added;
    reading_.known &= added.ok();
    reading_.fresh &= added.ok() && marks.fresh(asset);
  }
  for (std::size_t p = 0; p < period_count; ++p) {
    reading_.current[p] = less(reading_.ever, opened_[p].table.all);
  }
  if (!reading_.fresh) return;
  reading_.peak = std::max(reading_.peak, reading_.ever.total);
  reading_.drawdown = reading_.peak - reading_.ever.total;
}

ProfitReport ProfitBook::report(const Marks& marks) const {
  ProfitReport out;
  out.reporting = reporting_;
  out.since = since_;
  out.ever = table(marks);
  for (std::size_t p = 0; p < period_count; ++p) {
    out.current[p] = {opened_[p].number, opened_[p].at, out.ever.since(opened_[p].table)};
  }
  out.days = days_;
  out.peak = reading_.peak;
  out.drawdown = reading_.drawdown;
  if (out.ever.complete) {  // fills since the last reading as well
    out.peak = std::max(reading_.peak, out.ever.all.total);
    out.drawdown = out.peak - out.ever.all.total;
  }
  out.losses_in_a_row = realised_.losses_in_a_row;
  out.unmarked = unmarked_;
  out.elsewhere = elsewhere_;
  return out;
}

}  // namespace ats::core
