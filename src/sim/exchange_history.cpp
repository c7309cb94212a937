// What an exchange remembers of orders and fills, for whom, and when it forgets.

#include <algorithm>

#include "sim/exchange.hpp"

namespace ats::sim {

using venues::OrderRef;
using venues::VenueFill;
using venues::VenueOrder;

// The order is over. Oldest ends first, history is forgotten as it grows: never the order at hand.
void Exchange::ended(const VenueOrder& order) {
  Account& who = account(order.account);
  std::erase(who.open, order.id);
  who.ended.push_back({order.id, now_});
  forget_history(who);
}

void Exchange::forget_history(Account& who) {
  while (who.ended.size() > history_least && now_ - who.ended.front().at >= history) {
    const std::uint64_t id = who.ended.front().order;
    who.ended.pop_front();
    const auto name = who.by_client_id.find(record(id).order.client_order_id);
    if (name != who.by_client_id.end() && name->second == id) who.by_client_id.erase(name);
    orders_.erase(id);
  }
  while (!who.orders.empty() && !kept(who.orders.front())) who.orders.pop_front();
  while (!who.fills.empty() && !kept(who.fills.front().order)) who.fills.pop_front();
  for (; !fills_.empty() && !kept(fills_.front().order); ++fills_gone_) fills_.pop_front();
}

const VenueFill* Exchange::fill(std::uint64_t number) const {
  if (number < fills_gone_ || number >= fills_made()) return nullptr;
  const FillPlace& place = fills_[number - fills_gone_];
  return kept(place.order) ? &record(place.order).fills[place.index] : nullptr;
}

const VenueOrder* Exchange::find_order(AccountId id, const OrderRef& ref) const {
  std::uint64_t order_id = ref.id;
  if (order_id == 0) {
    const auto& by_client_id = account(id).by_client_id;
    const auto found = by_client_id.find(ref.client_order_id);
    if (found == by_client_id.end()) return nullptr;
    order_id = found->second;
  }
  if (!kept(order_id)) return nullptr;
  const VenueOrder& order = record(order_id).order;
  return order.account == id ? &order : nullptr;
}

std::vector<VenueOrder> Exchange::open_orders(AccountId id) const {
  std::vector<VenueOrder> open;
  for (const std::uint64_t order : account(id).open) open.push_back(record(order).order);
  return open;
}

std::vector<VenueOrder> Exchange::closed_orders(AccountId id, std::size_t limit) const {
  std::vector<VenueOrder> closed;
  const auto& all = account(id).orders;
  for (auto at = all.rbegin(); at != all.rend() && closed.size() < limit; ++at) {
    if (kept(*at) && !record(*at).order.live()) closed.push_back(record(*at).order);
  }
  return closed;
}

std::vector<VenueFill> Exchange::fills(AccountId id, std::uint64_t order_id_or_0,
                                       std::size_t limit) const {
  if (order_id_or_0 != 0) {
    if (!kept(order_id_or_0) || record(order_id_or_0).order.account != id) return {};
    const auto& all = record(order_id_or_0).fills;
    return {all.end() - static_cast<std::ptrdiff_t>(std::min(limit, all.size())), all.end()};
  }
  std::vector<VenueFill> found;
  const auto& all = account(id).fills;
  for (auto at = all.rbegin(); at != all.rend() && found.size() < limit; ++at) {
    if (kept(at->order)) found.push_back(record(at->order).fills[at->index]);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace ats::sim
