#include "services/accounts.hpp"

namespace ats::services {

void account(report::History& history, const Event& event, Instant now, const Actions& actions) {
  if (report::History::concerns_event(event.index())) {
    history.on(event, now);
  } else {
    history.passed();
  }
  for (const Action& action : actions) history.on(action);
}

std::vector<std::string> account_breaks(const report::History& history,
                                        std::span<const BalanceStatus> balances) {
  const Universe& universe = history.universe();
  const auto name = [&](AssetId asset) {
    return asset.index() < universe.assets().size() ? std::string(universe.asset(asset).name.view())
                                                    : std::string("?");
  };
  std::vector<std::string> found;
  for (const report::BalanceBreak& b : history.check().breaks()) {
    found.push_back(b.kind == report::BalanceBreak::Kind::LedgerDiffers
                        ? name(b.asset) + ": the ledger's accounts changed by " +
                              b.ledger.to_string() + ", the trades and other entries by " +
                              b.accounted.to_string()
                        : name(b.asset) + ": the ledger's entries come to " + b.ledger.to_string() +
                              " over all accounts, not 0");
  }
  for (const BalanceStatus& held : balances) {
    const Decimal entries = history.check().balance(held.venue, held.asset);
    if (entries == held.total) continue;
    found.push_back(name(held.asset) + ": the ledger holds " + held.total.to_string() +
                    ", its entries come to " + entries.to_string());
  }
  return found;
}

}  // namespace ats::services
