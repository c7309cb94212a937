#include "core/ledger/foreign_orders.hpp"

#include <algorithm>

namespace ats::core {
namespace {

// Of what the order pays with; nothing where its terms were not told, or are more than any account holds.
Decimal holds(const ForeignOrders::Known& order, const Instrument& on) {
  const Quantity gone = std::max(order.filled, order.booked);
  if (!order.open || !order.terms.told() || order.terms.quantity <= gone) return {};
  const Quantity left = order.terms.quantity - gone;
  const Decimal base = on.quantity_decimal(left);
  if (order.side == Side::Sell) return base;
  const auto cost = on.price_decimal(order.terms.price).multiply_ceil(base);
  constexpr std::int64_t most = 1'000'000'000'000'000;
  if (!cost || *cost > Decimal::from_int(most)) return {};
  const Instrument::Fee fee = on.taker_fee(Side::Buy, order.terms.price, left);
  return fee.asset == on.quote ? *cost + fee.amount : *cost;
}

}  // namespace

void ForeignOrders::restart(const Universe& universe, ForeignPolicy policy) {
  const bool anew = universe_ != nullptr && policy != policy_;
  universe_ = &universe;
  policy_ = policy;
  accounts_.resize(universe.venues().size());
  for (Account& account : accounts_) {
    for (Known& order : account.orders) order.reported &= !anew || !order.open;
  }
  measure();
}

ForeignOrders::News ForeignOrders::on(const ForeignOrder& event) {
  Known& order = known(accounts_[event.venue.index()], event.venue_order_id);
  const bool was_open = order.open;
  if (event.instrument.valid()) {
    order.instrument = event.instrument;
    order.side = event.side;
    order.terms = event.terms;
    order.filled = std::max(order.filled, event.filled);
  }
  order.named = true;
  // Over is over, whatever an overtaken answer says later.
  order.open &= event.open;
  measure();
  // One that was over when it was first heard of is news when a fill of it is.
  if (order.open && !order.reported) return report(order);
  const bool ended = was_open && !order.open;
  return {ended && order.reported ? &order : nullptr, true, ended && order.booked < order.filled};
}

ForeignOrders::News ForeignOrders::on(const ForeignFill& event) {
  Known& order = known(accounts_[venue_of(event.fill).index()], event.venue_order_id);
  order.instrument = event.fill.instrument;
  order.side = event.fill.side;
  order.booked += event.fill.quantity;
  order.named = true;
  measure();
  return order.reported ? News{} : report(order);
}

ForeignOrders::News ForeignOrders::report(Known& order) {
  order.reported = true;
  return {&order, false, false};
}

void ForeignOrders::asked(VenueId venue) {
  for (Known& order : accounts_[venue.index()].orders) order.named = false;
}

void ForeignOrders::answered(VenueId venue, std::vector<Known>& over) {
  Account& account = accounts_[venue.index()];
  over.clear();
  for (Known& order : account.orders) {
    if (!order.open || order.named) continue;
    order.open = false;
    if (order.reported) over.push_back(order);
  }
  measure();
}

bool ForeignOrders::too_old(const Fill& fill) const {
  const Account& account = accounts_[venue_of(fill).index()];
  return account.forgot && fill.venue_time <= account.forgotten_to;
}

std::optional<std::pair<InstrumentId, FillId>> ForeignOrders::remember(const Fill& fill) {
  Account& account = accounts_[venue_of(fill).index()];
  account.fills.push_back({fill.instrument, fill.id, fill.venue_time});
  if (account.fills.size() <= fills_remembered) return std::nullopt;
  const Named oldest = account.fills.front();
  account.fills.pop_front();
  account.forgotten_to = account.forgot ? std::max(account.forgotten_to, oldest.at) : oldest.at;
  account.forgot = true;
  return std::pair{oldest.instrument, oldest.fill};
}

std::size_t ForeignOrders::open(VenueId venue) const {
  const auto& orders = accounts_[venue.index()].orders;
  return static_cast<std::size_t>(
      std::count_if(orders.begin(), orders.end(), [](const Known& order) { return order.open; }));
}

ForeignOrders::Known& ForeignOrders::known(Account& account, const VenueOrderId& id) {
  const auto found = std::find_if(account.orders.rbegin(), account.orders.rend(),
                                  [&](const Known& order) { return order.id == id; });
  if (found != account.orders.rend()) return *found;
  forget_ended(account);
  account.orders.emplace_back().id = id;
  return account.orders.back();
}

void ForeignOrders::forget_ended(Account& account) {
  auto ended = std::count_if(account.orders.begin(), account.orders.end(),
                             [](const Known& order) { return !order.open; });
  std::erase_if(account.orders, [&](const Known& order) {
    return !order.open && ended-- > static_cast<std::ptrdiff_t>(ended_remembered);
  });
}

void ForeignOrders::measure() {
  const std::size_t assets = universe_->assets().size();
  held_.assign(accounts_.size() * assets, Decimal());
  for (std::size_t v = 0; v < accounts_.size(); ++v) {
    for (const Known& order : accounts_[v].orders) {
      if (!order.open || !order.instrument.valid()) continue;
      const Instrument& on = universe_->instrument(order.instrument);
      const AssetId paid_with = order.side == Side::Sell ? on.base : on.quote;
      held_[v * assets + paid_with.index()] += holds(order, on);
    }
  }
}

}  // namespace ats::core
