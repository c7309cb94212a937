#include "services/lease_messages.hpp"

#include <fmt/format.h>

#include <string>

#include "services/risk_messages.hpp"
#include "services/scope_text.hpp"

namespace ats::services {
namespace {

constexpr std::int64_t second = 1'000'000'000;

template <std::size_t N>
bool read_name(const std::string& text, Text<N>& out) {
  if (!Text<N>::fits(text)) return false;
  out = Text<N>(text);
  return true;
}

Result<LimitScope, std::string> limit_scope_of(const v1::Scope& message) {
  LimitScope scope;
  if (!read_name(message.venue(), scope.venue)) return fail(std::string("scope.venue: too long"));
  if (!read_name(message.asset(), scope.asset)) return fail(std::string("scope.asset: too long"));
  if (!read_name(message.pair(), scope.pair)) return fail(std::string("scope.pair: too long"));
  if (!message.strategy().empty()) {
    scope.strategy = find_strategy(message.strategy());
    if (!scope.strategy) return fail("scope.strategy: there is no '" + message.strategy() + "'");
  }
  return scope;
}

// Of a use or a share, which both name a limit and where.
template <class Message, class To>
std::optional<std::string> read_limit(const Message& message, To& out) {
  const auto kind = find_limit(message.limit());
  if (!kind) return "limit: there is no '" + message.limit() + "'";
  const auto scope = limit_scope_of(message.scope());
  if (!scope) return scope.error();
  out.kind = *kind;
  out.scope = *scope;
  return std::nullopt;
}

// What many of them are added up from: a hundred thousand such sums fit a Decimal.
constexpr Decimal amount_most = Decimal::from_int(1'000'000'000'000'000);

Result<Decimal, std::string> amount_of(const char* field, const std::string& text) {
  const auto amount = Decimal::parse(text);
  if (!amount) return fail(std::string(field) + ": not a decimal: '" + text + "'");
  if (amount->abs() > amount_most)
    return fail(std::string(field) + ": more than " + amount_most.to_string() + ": '" + text + "'");
  return *amount;
}

Result<LeaseHold, std::string> hold_of(const v1::Hold& message) {
  const auto scope = limit_scope_of(message.scope());
  if (!scope) return fail(scope.error());
  LeaseHold hold;
  hold.scope = *scope;
  switch (message.state()) {
    case v1::RISK_STATE_REDUCE_ONLY:
      hold.state = RiskState::ReduceOnly;
      break;
    case v1::RISK_STATE_HALTED:
      hold.state = RiskState::Halted;
      break;
    default:
      return fail(std::string("state: not one that holds anything up"));
  }
  hold.resolving = message.resolving();
  hold.flatten = message.flatten();
  return hold;
}

Result<LeasePosition, std::string> position_of(const v1::LeasePosition& message) {
  LeasePosition position;
  if (message.venue().empty() || !read_name(message.venue(), position.venue))
    return fail(std::string("venue: a name of 1 to 15 characters"));
  if (message.asset().empty() || !read_name(message.asset(), position.asset))
    return fail(std::string("asset: a name of 1 to 15 characters"));
  const auto held = amount_of("held", message.held());
  if (!held) return fail(held.error());
  const auto traded = amount_of("traded", message.traded());
  if (!traded) return fail(traded.error());
  position.held = *held;
  position.traded = *traded;
  if (!message.has_mark()) return position;
  const auto price = amount_of("mark.price", message.mark().price());
  if (!price) return fail(price.error());
  const auto worth = amount_of("mark.worth", message.mark().worth());
  if (!worth) return fail(worth.error());
  position.marked = true;
  position.fresh = message.mark().fresh();
  position.mark = *price;
  position.worth = *worth;
  return position;
}

}  // namespace

void fill(v1::LeaseRequest& out, const LeaseQuestion& question) {
  const LeaseAsked& asked = question.asked;
  out.set_engine(std::string(asked.engine.view()));
  out.set_asked_ns(asked.asked.ns);
  out.set_held(asked.held);
  out.set_live(asked.live);
  if (asked.profit_known) out.set_profit(asked.profit.to_string());
  for (const LeaseUse& use : question.uses) {
    v1::LeaseUse& to = *out.add_uses();
    to.set_limit(name(use.kind));
    fill(*to.mutable_scope(), use.scope);
    if (use.known) to.set_value(use.value.to_string());
  }
  if (!asked.holdings) return;
  v1::LeaseHoldings& holdings = *out.mutable_holdings();
  holdings.set_left_out(asked.left_out);
  for (const LeasePosition& position : question.positions) {
    v1::LeasePosition& to = *holdings.add_positions();
    to.set_venue(std::string(position.venue.view()));
    to.set_asset(std::string(position.asset.view()));
    to.set_held(position.held.to_string());
    to.set_traded(position.traded.to_string());
    if (!position.marked) continue;
    to.mutable_mark()->set_price(position.mark.to_string());
    to.mutable_mark()->set_worth(position.worth.to_string());
    to.mutable_mark()->set_fresh(position.fresh);
  }
}

void fill(v1::LeaseResponse& out, const LeaseAnswer& answer) {
  out.set_version(answer.granted.version);
  out.set_asked_ns(answer.granted.asked.ns);
  fill_duration(*out.mutable_valid_for(), answer.granted.valid_for);
  for (const LeaseShare& share : answer.shares) {
    v1::LeaseShare& to = *out.add_shares();
    to.set_limit(name(share.kind));
    fill(*to.mutable_scope(), share.scope);
    to.set_bound(share.bound.to_string());
  }
  for (const LeaseHold& hold : answer.holds) {
    v1::Hold& to = *out.add_holds();
    fill(*to.mutable_scope(), hold.scope);
    to.set_state(hold.state == RiskState::Halted ? v1::RISK_STATE_HALTED
                                                 : v1::RISK_STATE_REDUCE_ONLY);
    to.set_resolving(hold.resolving);
    to.set_flatten(hold.flatten);
    to.set_by(v1::Hold::RISK_ROLE);
  }
}

Result<LeaseQuestion, std::string> question_of(const v1::LeaseRequest& message) {
  LeaseQuestion question;
  LeaseAsked& asked = question.asked;
  if (message.engine().empty() || !read_name(message.engine(), asked.engine))
    return fail(std::string("engine: its name, in 1 to 31 characters"));
  asked.asked = Instant{message.asked_ns()};
  asked.held = message.held();
  asked.live = message.live();
  if (message.has_profit()) {
    const auto profit = amount_of("profit", message.profit());
    if (!profit) return fail(profit.error());
    asked.profit_known = true;
    asked.profit = *profit;
  }
  for (const v1::LeaseUse& of : message.uses()) {
    LeaseUse use;
    if (auto wrong = read_limit(of, use)) return fail("uses: " + *wrong);
    if (of.has_value()) {
      const auto value = amount_of("uses: value", of.value());
      if (!value) return fail(value.error());
      use.known = true;
      use.value = *value;
    }
    question.uses.push_back(use);
  }
  if (!message.has_holdings()) return question;
  asked.holdings = true;
  asked.left_out = message.holdings().left_out();
  if (message.holdings().positions_size() > static_cast<int>(lease_positions_max))
    return fail(fmt::format("holdings: up to {} positions", lease_positions_max));
  for (const v1::LeasePosition& of : message.holdings().positions()) {
    const auto position = position_of(of);
    if (!position) return fail("holdings: " + position.error());
    question.positions.push_back(*position);
  }
  return question;
}

Result<LeaseAnswer, std::string> answer_of(const v1::LeaseResponse& message) {
  LeaseAnswer answer;
  const std::int64_t whole = message.valid_for().seconds();
  if (message.version() == 0) return fail(std::string("version: from 1"));
  if (whole < 0 || whole > 86'400 || message.valid_for().nanos() < 0 ||
      message.valid_for().nanos() >= second)
    return fail(std::string("valid_for: up to a day"));
  answer.granted.version = message.version();
  answer.granted.asked = Instant{message.asked_ns()};
  answer.granted.valid_for = Duration{whole * second + message.valid_for().nanos()};
  for (const v1::LeaseShare& of : message.shares()) {
    LeaseShare share;
    if (auto wrong = read_limit(of, share)) return fail("shares: " + *wrong);
    const auto bound = amount_of("shares: bound", of.bound());
    if (!bound) return fail(bound.error());
    share.bound = *bound;
    answer.shares.push_back(share);
  }
  for (const v1::Hold& of : message.holds()) {
    const auto hold = hold_of(of);
    if (!hold) return fail("holds: " + hold.error());
    answer.holds.push_back(*hold);
  }
  return answer;
}

}  // namespace ats::services
