#include "services/trade_text.hpp"

#include <fmt/format.h>

#include "services/history_file.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;
using report::Amounts;
using report::Attribution;
using report::BookedFill;
using report::Execution;
using report::Leg;
using report::Moment;
using report::QuotedSide;
using report::Step;
using report::StepKind;

std::string order_text(OrderId id) { return std::string(client_order_id(id).view()); }

ordered_json moment_json(const Moment& moment) {
  return moment.told() ? ordered_json(format_rfc3339(moment.wall)) : ordered_json();
}

// Since the decision, in microseconds and a fraction; null for what did not happen.
ordered_json offset_json(const Execution& x, const Moment& moment) {
  if (!moment.told()) return nullptr;
  return format_scaled(report::between(x.opened, moment).ns, 3);
}

// What a step's detail says.
std::string detail_text(const Step& step) {
  switch (step.kind) {
    case StepKind::Rejected:
    case StepKind::CancelRejected:
    case StepKind::AmendRejected:
      return name(static_cast<RejectReason>(step.detail));
    case StepKind::Ended:
    case StepKind::Found:
      return name(static_cast<OrderState>(step.detail));
    case StepKind::Unknown:
      return name(static_cast<UnknownReason>(step.detail));
    case StepKind::Resolved:
      return name(static_cast<ExecutionOutcome>(step.detail));
    case StepKind::Sent:
      return std::string("by ") + name(static_cast<OrderRoute>(step.detail));
    case StepKind::Placed:
    case StepKind::Acked:
    case StepKind::NotSent:
    case StepKind::Filled:
    case StepKind::NotFound:
    case StepKind::Asked:
    case StepKind::QuestionFailed:
    case StepKind::CancelAsked:
    case StepKind::AmendAsked:
    case StepKind::Amended:
    case StepKind::Restarted:
      break;
  }
  return {};
}

const Leg* leg_of(const Execution& x, OrderId order) {
  for (const Leg& leg : x.legs) {
    if (leg.order == order) return &leg;
  }
  return nullptr;
}

ordered_json amounts_json(const Amounts& amounts, const Universe& u) {
  ordered_json out = ordered_json::object();
  for (const Amounts::Amount& a : amounts) out[asset_name(u, a.asset)] = a.amount.to_string();
  return out;
}

ordered_json side_json(const QuotedSide& side, const Universe& u) {
  ordered_json levels = ordered_json::array();
  for (const auto& level : side.levels) {
    levels.push_back({level.price.to_string(), level.quantity.to_string()});
  }
  return {{"venue", venue_name(u, side.venue)},
          {"quote", asset_name(u, side.quote)},
          {"state", name(side.state)},
          {"age_us", format_scaled(side.age.ns, 3)},
          {"quantity", side.quantity.to_string()},
          {"notional", side.notional.to_string()},
          {"levels", levels},
          {"other_side",
           side.other.quantity.is_zero()
               ? ordered_json()
               : ordered_json{side.other.price.to_string(), side.other.quantity.to_string()}}};
}

ordered_json leg_json(const Execution& x, const Leg& leg, const Universe& u) {
  ordered_json fills = ordered_json::array();
  for (const BookedFill& fill : leg.fills) {
    fills.push_back({{"id", fill.id.view()},
                     {"price", fill.price.to_string()},
                     {"quantity", fill.quantity.to_string()},
                     {"fee", fill.fee.to_string()},
                     {"fee_asset", fill.fee.is_zero() ? "" : asset_name(u, fill.fee_asset)},
                     {"booked_us", offset_json(x, fill.at)}});
  }
  return {{"order", order_text(leg.order)},
          {"venue_order_id", leg.venue_order_id.view()},
          {"venue", venue_name(u, leg.venue)},
          {"side", name(leg.side)},
          {"unwind", leg.unwind},
          {"limit", leg.limit.to_string()},
          {"quantity", leg.quantity.to_string()},
          {"filled", leg.filled.to_string()},
          {"state", name(leg.state)},
          {"rejected", leg.rejected ? ordered_json(name(*leg.rejected)) : ordered_json()},
          {"route", leg.written.told() ? ordered_json(name(leg.route)) : ordered_json()},
          {"placed_us", offset_json(x, leg.placed)},
          {"encoded_us", offset_json(x, leg.encoded)},
          {"written_us", offset_json(x, leg.written)},
          {"acked_us", offset_json(x, leg.acked)},
          {"first_fill_us", offset_json(x, leg.first_fill)},
          {"ended_us", offset_json(x, leg.ended)},
          {"fills", fills}};
}

void print_side(const char* what, const QuotedSide& side, const Universe& u) {
  std::string levels;
  for (const auto& level : side.levels) {
    if (!levels.empty()) levels += "  ";
    levels += level.price.to_string() + " x " + level.quantity.to_string();
  }
  fmt::print("  {:<10}{:<6}{:>10} us old  {}\n", venue_name(u, side.venue), name(side.state),
             side.age.ns / 1000, levels);
  fmt::print("  {:<16}{} {} for {} {}", "", what, side.quantity.to_string(),
             side.notional.to_string(), asset_name(u, side.quote));
  if (!side.other.quantity.is_zero()) {
    fmt::print("; other side {} x {}", side.other.price.to_string(),
               side.other.quantity.to_string());
  }
  fmt::print("\n");
}

void print_step(const Execution& x, const Step& step, const Universe& u) {
  std::string text = name(step.kind);
  const std::string detail = detail_text(step);
  if (!detail.empty()) text += " " + detail;
  const Leg* leg = leg_of(x, step.order);
  std::string of;
  if (leg != nullptr) {
    const std::size_t number = static_cast<std::size_t>(leg - x.legs.data()) + 1;
    of = fmt::format("#{} {} {}", number, name(leg->side), venue_name(u, leg->venue));
    if (leg->unwind) of += " unwind";
  }
  std::string amount;
  if (step.kind == StepKind::Placed || step.kind == StepKind::Filled ||
      step.kind == StepKind::AmendAsked || step.kind == StepKind::Amended) {
    amount = step.quantity.to_string() + " at " + step.price.to_string();
  } else if (step.kind == StepKind::Ended || step.kind == StepKind::Found) {
    amount = "filled " + step.quantity.to_string();
  }
  if (step.kind == StepKind::Placed && leg != nullptr) amount += "  " + order_text(leg->order);
  fmt::print("{:>14} us  {:<22}{:<26}{}\n", format_scaled(report::between(x.opened, step.at).ns, 3),
             text, of, amount);
}

void print_attribution(const Attribution& a, const Universe& u) {
  const std::string in = asset_name(u, a.in);
  const auto row = [&](const char* sign, const char* what, Decimal amount) {
    fmt::print("  {} {:<14}{:>28} {}\n", sign, what, amount.to_string(), in);
  };
  fmt::print("\nattribution, of {} that both legs made\n", a.made.to_string());
  row(" ", "quoted edge", a.terms.quoted_edge);
  row("-", "fees", a.terms.fees);
  row("-", "slippage", a.terms.slippage);
  row("-", "leg cost", a.terms.leg_cost);
  row("+", "conversion", a.terms.conversion);
  row("+", "revaluation", a.terms.revaluation);
  row("=", "realised", a.terms.realised);
  fmt::print("\nchanged:");
  for (const Amounts::Amount& c : a.changed) {
    fmt::print(" {} {}", c.amount.to_string(), asset_name(u, c.asset));
  }
  fmt::print("{}\nfees:", a.changed.empty() ? " nothing" : "");
  for (const Amounts::Amount& fee : a.fees) {
    fmt::print(" {} {}", fee.amount.to_string(), asset_name(u, fee.asset));
  }
  fmt::print("{}\n", a.fees.empty() ? " none" : "");
  if (a.unmarked) fmt::print("an asset without a mark counts as nothing\n");
}

void print_marks(const Execution& x, const Universe& u) {
  fmt::print("marks at the end:");
  for (const AssetMark& mark : x.marks) {
    fmt::print(" {} {}", asset_name(u, mark.asset), mark.price.to_string());
  }
  fmt::print("\n");
}

}  // namespace

ordered_json terms_json(const report::Terms& t) {
  return {{"quoted_edge", t.quoted_edge.to_string()}, {"fees", t.fees.to_string()},
          {"slippage", t.slippage.to_string()},       {"leg_cost", t.leg_cost.to_string()},
          {"conversion", t.conversion.to_string()},   {"revaluation", t.revaluation.to_string()},
          {"realised", t.realised.to_string()}};
}

std::string outcome_text(const Execution& x) { return x.resolved ? name(x.outcome) : "open"; }

std::string route_text(const Execution& x, const Universe& u) {
  if (x.quoted) return venue_name(u, x.buy.venue) + " -> " + venue_name(u, x.sell.venue);
  return x.legs.empty() ? "-" : venue_name(u, x.legs.front().venue) + " (inventory)";
}

Decimal wanted(const Execution& x) {
  if (x.quoted) return x.buy.quantity;
  return x.legs.empty() ? Decimal() : x.legs.front().quantity;
}

ordered_json trade_json(const Execution& x, const Universe& u) {
  ordered_json out{{"id", std::to_string(x.id.value)},
                   {"opened", moment_json(x.opened)},
                   {"ended", x.resolved ? moment_json(x.ended) : ordered_json()},
                   {"pair", pair_name(u, x.pair)},
                   {"strategy", x.strategy ? ordered_json(name(*x.strategy)) : ordered_json()},
                   {"buy", x.quoted ? ordered_json(venue_name(u, x.buy.venue)) : ordered_json()},
                   {"sell", x.quoted ? ordered_json(venue_name(u, x.sell.venue)) : ordered_json()},
                   {"quantity", wanted(x).to_string()},
                   {"quoted_edge_bps", format_scaled(report::quoted_rate(x).ppb, 5)},
                   {"net_bps", format_scaled(x.net.ppb, 5)},
                   {"outcome", outcome_text(x)}};
  if (!x.resolved) return out;
  const Attribution a = report::attribute(x);
  out["in"] = asset_name(u, a.in);
  out["promised"] = a.promised.to_string();
  out["made"] = a.made.to_string();
  out.update(terms_json(a.terms));
  out["unmarked"] = a.unmarked;
  return out;
}

ordered_json timeline_json(const Execution& x, const Universe& u) {
  ordered_json out = trade_json(x, u);
  out["ended_us"] = x.resolved ? offset_json(x, x.ended) : ordered_json();
  out["resolutions"] = x.resolutions;
  out["residual"] = x.residual.to_string();
  if (x.quoted) {
    out["books"] = {{"buy", side_json(x.buy, u)}, {"sell", side_json(x.sell, u)}};
    out["converted"] = x.converted.to_string();
    out["converted_into"] = x.converted_into.to_string();
  }
  out["orders"] = ordered_json::array();
  for (const Leg& leg : x.legs) out["orders"].push_back(leg_json(x, leg, u));
  out["steps"] = ordered_json::array();
  for (const Step& step : x.steps) {
    ordered_json line{{"at_us", offset_json(x, step.at)}, {"step", name(step.kind)}};
    if (step.order.valid()) line["order"] = order_text(step.order);
    const std::string detail = detail_text(step);
    if (!detail.empty()) line["detail"] = detail;
    if (!step.quantity.is_zero()) line["quantity"] = step.quantity.to_string();
    if (!step.price.is_zero()) line["price"] = step.price.to_string();
    out["steps"].push_back(std::move(line));
  }
  out["changed"] = amounts_json(x.changed(), u);
  if (!x.resolved) return out;
  out["fees_paid"] = amounts_json(report::attribute(x).fees, u);
  out["marks"] = ordered_json::object();
  for (const AssetMark& mark : x.marks) {
    out["marks"][asset_name(u, mark.asset)] = mark.price.to_string();
  }
  return out;
}

void print_timeline(const Execution& x, const Universe& u) {
  fmt::print("trade {}  {}  {}  {}\n", x.id.value, pair_name(u, x.pair), route_text(x, u),
             outcome_text(x));
  fmt::print("decided {}", format_rfc3339(x.opened.wall));
  if (x.quoted) {
    fmt::print(", {}: {} bps before fees, {} bps after",
               x.strategy ? name(*x.strategy) : "opportunity",
               format_scaled(report::quoted_rate(x).ppb, 5), format_scaled(x.net.ppb, 5));
  } else {
    fmt::print(", to trade inventory away");
  }
  fmt::print("\n");
  if (x.quoted) {
    fmt::print("\nbooks it saw\n");
    print_side("buys", x.buy, u);
    print_side("sells", x.sell, u);
    if (!x.converted.is_zero()) {
      fmt::print("  {:<16}conversion left open, counted as {} {} for {} {}\n", "",
                 x.converted_into.to_string(), asset_name(u, x.buy.quote), x.converted.to_string(),
                 asset_name(u, x.sell.quote));
    }
  }
  fmt::print("\ntimeline, from the decision\n");
  for (const Step& step : x.steps) print_step(x, step, u);
  if (!x.resolved) {
    fmt::print("\nopen: nothing is attributed yet\n");
    return;
  }
  print_attribution(report::attribute(x), u);
  print_marks(x, u);
}

}  // namespace ats::services
