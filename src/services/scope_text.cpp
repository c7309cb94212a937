#include "services/scope_text.hpp"

namespace ats::services {

std::string scope_text(const Scope& scope, const Universe& universe) {
  if (scope.global()) return "all";
  std::string out;
  const auto add = [&](std::string_view part) {
    if (!out.empty()) out += ' ';
    out += part;
  };
  if (scope.venue.valid()) add(universe.venue(scope.venue).name.view());
  if (scope.pair.valid()) add(universe.pair_name(scope.pair));
  if (scope.strategy) add(std::string("strategy ") + name(*scope.strategy));
  return out;
}

std::optional<Scope> parse_scope(std::string_view text, const Universe& universe) {
  if (text.empty() || text == "all") return Scope{};
  if (const VenueId venue = universe.find_venue(text); venue.valid()) return Scope{venue, {}};
  for (std::size_t i = 0; i < universe.pairs().size(); ++i) {
    const PairId pair{static_cast<PairId::rep>(i)};
    if (universe.pair_name(pair) == text) return Scope{{}, pair};
  }
  constexpr std::string_view word = "strategy ";
  if (!text.starts_with(word)) return std::nullopt;
  const auto strategy = find_strategy(text.substr(word.size()));
  return strategy ? std::optional(Scope{{}, {}, strategy}) : std::nullopt;
}

std::optional<Strategy> find_strategy(std::string_view name_of_it) {
  for (std::size_t n = 0; n < strategy_count; ++n) {
    if (name_of_it == name(static_cast<Strategy>(n))) return static_cast<Strategy>(n);
  }
  return std::nullopt;
}

}  // namespace ats::services
