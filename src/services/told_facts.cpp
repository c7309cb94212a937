#include "services/told_facts.hpp"

#include <algorithm>

namespace ats::services {

std::optional<NewFill> newly_booked(const Event& event, const Actions& actions) {
  NewFill told;
  if (const auto* filled = std::get_if<OrderFilled>(&event)) {
    told = {&filled->fill, true};
  } else if (const auto* foreign = std::get_if<ForeignFill>(&event)) {
    told = {&foreign->fill, false};
  } else {
    return std::nullopt;
  }
  const bool booked = std::ranges::any_of(actions, [&](const Action& action) {
    const auto* entry = std::get_if<Booked>(&action);
    return entry != nullptr && entry->fill == told.fill->id &&
           (entry->kind == EntryKind::Fill || entry->kind == EntryKind::ForeignFill);
  });
  return booked ? std::optional(told) : std::nullopt;
}

bool same_top(const BookStatus& a, const BookStatus& b) {
  return a.state == b.state && a.reason == b.reason && a.bid == b.bid && a.ask == b.ask;
}

}  // namespace ats::services
