#include "services/risk_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/risk/limit_where.hpp"
#include "services/alert_text.hpp"
#include "services/scope_text.hpp"

namespace ats::services {
namespace {

using Kind = Refusal::Kind;

std::optional<Refusal> fault_of(const Wish& wish) {
  if (wish.reason.empty() || !Text<63>::fits(wish.reason))
    return Refusal{Kind::BadRequest, "a reason of 1 to 63 characters is needed"};
  return std::nullopt;
}

Told carry_out(RiskSource& source, const Command& command) {
  auto told = source.command(command);
  if (!told) return fail(Refusal{Kind::Unavailable, told.error()});
  return std::move(*told);
}

Result<Scope, Refusal> find_scope(const RiskSource& source, std::string_view text) {
  const auto scope = parse_scope(text, source.universe());
  if (scope) return *scope;
  return fail(Refusal{Kind::BadRequest,
                      fmt::format("scope must be 'all', a venue, a pair or 'strategy NAME', not "
                                  "'{}'",
                                  text)});
}

}  // namespace

Told wish_halt(RiskSource& source, const Wish& wish, std::string_view scope, const HaltWish& how) {
  if (auto wrong = fault_of(wish)) return fail(std::move(*wrong));
  const auto where = find_scope(source, scope);
  if (!where) return fail(where.error());
  return carry_out(source, HaltCommand{*where, Text<31>::cut(wish.who), Text<63>(wish.reason),
                                       how.reduce_only, how.at_once, how.flatten});
}

Told wish_resume(RiskSource& source, const Wish& wish, std::string_view scope) {
  if (auto wrong = fault_of(wish)) return fail(std::move(*wrong));
  const auto where = find_scope(source, scope);
  if (!where) return fail(where.error());
  return carry_out(source, ResumeCommand{*where, Text<31>::cut(wish.who), Text<63>(wish.reason)});
}

Told wish_limit(RiskSource& source, const Wish& wish, std::string_view limit, bool take_back) {
  if (auto wrong = fault_of(wish)) return fail(std::move(*wrong));
  const auto setting = parse_limit(limit);
  if (!setting) {
    return fail(Refusal{Kind::BadRequest,
                        fmt::format("not a limit: '{}' (ats risk limits shows them)", limit)});
  }
  if (const auto there = core::where_of(setting->scope, source.universe()); !there)
    return fail(Refusal{Kind::NotFound, there.error()});
  return carry_out(
      source, SetLimitCommand{*setting, take_back, Text<31>::cut(wish.who), Text<63>(wish.reason)});
}

Told wish_acknowledge(RiskSource& source, const Wish& wish, std::uint64_t alert) {
  if (auto wrong = fault_of(wish)) return fail(std::move(*wrong));
  const report::KeptAlert* kept = source.alerts().find(alert);
  if (kept == nullptr) {
    return fail(Refusal{Kind::NotFound,
                        fmt::format("there is no alert {}; ats risk alerts shows them", alert)});
  }
  if (const auto& seen = kept->acknowledged) {
    return fail(Refusal{Kind::NotAsThingsAre,
                        fmt::format("{} has acknowledged alert {} already, {}", seen->who.view(),
                                    alert, format_rfc3339(seen->at))});
  }
  auto told =
      carry_out(source, AcknowledgeCommand{alert, Text<31>::cut(wish.who), Text<63>(wish.reason)});
  if (told) told->push_back(alert_line(*source.alerts().find(alert), source.universe()));
  return told;
}

Told wish_write_off(RiskSource& source, const Wish& wish, std::string_view engine) {
  if (auto wrong = fault_of(wish)) return fail(std::move(*wrong));
  if (source.role() == nullptr) {
    return fail(Refusal{Kind::NotAsThingsAre,
                        "no risk role is here: ask where it is (--role, or its address)"});
  }
  core::OfficeStatus office;
  source.role()->office().status(office);
  const auto known =
      std::ranges::find(office.engines, engine, [](const auto& one) { return one.name.view(); });
  if (known == office.engines.end()) {
    return fail(Refusal{Kind::NotFound, fmt::format("there is no engine '{}'; ats risk engines "
                                                    "shows them",
                                                    engine)});
  }
  if (!known->silent) {
    return fail(Refusal{Kind::NotAsThingsAre,
                        fmt::format("engine {} is heard of: what it was promised is its own "
                                    "until it is silent",
                                    engine)});
  }
  return carry_out(
      source, WriteOffCommand{EngineName(engine), Text<31>::cut(wish.who), Text<63>(wish.reason)});
}

}  // namespace ats::services
