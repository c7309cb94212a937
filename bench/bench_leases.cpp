// The risk role's leases: an engine asks, telling what it uses of every limit of 200 assets, and gets its share of
// each, beside three others that do the same; and what it costs the engine to take the shares over into its gate.
// Without a baseline: nothing packaged does either.
#include <string>
#include <vector>

#include "core/risk/limit_book.hpp"
#include "core/risk/risk_office.hpp"
#include "harness.hpp"

namespace ats::bench {

namespace {

constexpr std::size_t assets = 200;
constexpr std::size_t engines = 4;
constexpr std::size_t renewals = 400;
constexpr std::size_t takings = 2'000;

Universe many_assets() {
  Universe universe;
  const VenueId venue = universe.add_venue("binance", {});
  const AssetId quote = universe.add_asset("USDT");
  for (std::size_t n = 0; n < assets; ++n) {
    Instrument i;
    i.venue = venue;
    const std::string base = "A" + std::to_string(n);
    i.base = universe.add_asset(base);
    i.quote = quote;
    const std::string symbol = base + "USDT";
    i.symbol = Text<31>(symbol);
    i.rest_symbol = i.symbol;
    i.price_scale = 2;
    i.qty_scale = 5;
    universe.add_instrument(i);
  }
  return universe;
}

CoreConfig shared_limits() {
  CoreConfig config;
  config.lease_for = seconds(3);
  for (const char* text : {"open_legs 40", "gross_exposure 100000", "net_exposure 100000"})
    if (!config.limits.add(*parse_limit(text))) die("leases: too many limits");
  return config;
}

std::vector<LeaseUse> uses_of(const Universe& universe, const CoreConfig& config) {
  core::LimitBook book;
  book.restart(universe, config, {});
  std::vector<LeaseUse> uses;
  book.uses(uses);
  for (LeaseUse& use : uses) use.known = true;
  return uses;
}

Outcome renew() {
  const Universe universe = many_assets();
  const CoreConfig config = shared_limits();
  std::vector<LeaseUse> uses = uses_of(universe, config);
  core::RiskOffice office;
  Actions out;
  office.on(Started{1, {}, &universe, &config}, {}, out);
  std::vector<std::uint64_t> held(engines);
  std::vector<double> took;
  std::uint64_t granted = 0;
  for (std::size_t n = 0; n < renewals; ++n) {
    const std::size_t which = n % engines;
    const std::string name = "engine" + std::to_string(which);
    const Instant now{static_cast<std::int64_t>(n + 1) * 1'000'000};
    for (LeaseUse& use : uses) use.value = Decimal::from_int(static_cast<std::int64_t>(n % 7));
    LeaseAsked asked;
    asked.engine = EngineName(name);
    asked.asked = now;
    asked.held = held[which];
    asked.live = true;
    asked.uses = uses;
    out.clear();
    const std::int64_t from = now_ns();
    office.on(asked, now, out);
    took.push_back(static_cast<double>(now_ns() - from));
    const auto* grant = out.empty() ? nullptr : std::get_if<GrantLease>(&out.back());
    if (grant == nullptr) die("leases: no lease was granted");
    held[which] = grant->version;
    granted += out.size();
  }
  const double ns = percentile(took, 0.5);
  return {{ns / 1000, 1e9 / ns}, granted};
}

Outcome take() {
  const Universe universe = many_assets();
  const CoreConfig config = shared_limits();
  core::LimitBook book;
  book.restart(universe, config, {});
  std::vector<LeaseShare> shares;
  for (const LeaseUse& use : uses_of(universe, config)) {
    if (sharing(use.kind) == Sharing::Split) shares.push_back({use.kind, use.scope, {}});
  }
  std::vector<double> took;
  for (std::size_t n = 0; n < takings; ++n) {
    for (LeaseShare& share : shares)
      share.bound = Decimal::from_int(static_cast<std::int64_t>(100 + n % 7));
    const std::int64_t from = now_ns();
    book.share(shares);
    took.push_back(static_cast<double>(now_ns() - from));
  }
  return {{percentile(took, 0.5) / 1000, static_cast<double>(shares.size())}, shares.size()};
}

void run(Session& session) {
  session.compare({.name = "a lease renewed: 4 engines, 200 assets",
                   .ours = renew,
                   .metrics = {{"us", "us", "", {}}, {"renewals/s", "", "", {}}}});
  session.compare({.name = "a lease taken over into the gate: 200 assets",
                   .ours = take,
                   .metrics = {{"us", "us", "", {}}, {"shares", "", "", {}}}});
}

const Register registered{"leases", run};

}  // namespace

}  // namespace ats::bench
