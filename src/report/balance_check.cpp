#include "report/balance_check.hpp"

namespace ats::report {

AssetLine& BalanceCheck::line(AssetId asset) {
  while (lines_.size() <= asset.index()) {
    const AssetId next{static_cast<AssetId::rep>(lines_.size())};
    lines_.emplace_back().asset = next;
  }
  return lines_[asset.index()];
}

void BalanceCheck::booked(const Booked& entry) {
  ++entries_;
  for (std::size_t n = 0; n < entry.count; ++n) {
    const Posting& posting = entry.postings[n];
    AssetLine& of = line(posting.asset);
    of.unposted += posting.amount;
    if (posting.account != Account::Venue) continue;
    of.ledger += posting.amount;
    if (balances_.size() <= posting.venue.index()) balances_.resize(posting.venue.index() + 1);
    auto& accounts = balances_[posting.venue.index()];
    if (accounts.size() <= posting.asset.index()) accounts.resize(posting.asset.index() + 1);
    accounts[posting.asset.index()] += posting.amount;
    switch (entry.kind) {
      case EntryKind::Opening:
        of.openings += posting.amount;
        break;
      case EntryKind::Transfer:
        of.transfers += posting.amount;
        break;
      case EntryKind::Correction:
        of.corrections += posting.amount;
        break;
      case EntryKind::ForeignFill:
        of.foreign += posting.amount;
        break;
      case EntryKind::Fill:
        break;
    }
  }
}

void BalanceCheck::traded(AssetId asset, Decimal amount) {
  if (!amount.is_zero()) line(asset).executions += amount;
}

void BalanceCheck::charged(AssetId asset, Decimal fee) {
  if (fee.is_zero()) return;
  line(asset).executions -= fee;
  line(asset).fees += fee;
}

Decimal BalanceCheck::balance(VenueId venue, AssetId asset) const {
  if (venue.index() >= balances_.size()) return {};
  const auto& accounts = balances_[venue.index()];
  return asset.index() < accounts.size() ? accounts[asset.index()] : Decimal();
}

std::vector<BalanceBreak> BalanceCheck::breaks() const {
  std::vector<BalanceBreak> found;
  for (const AssetLine& of : lines_) {
    if (of.ledger != of.accounted()) {
      found.push_back({BalanceBreak::Kind::LedgerDiffers, of.asset, of.ledger, of.accounted()});
    }
    if (!of.unposted.is_zero()) {
      found.push_back({BalanceBreak::Kind::EntriesUneven, of.asset, of.unposted, {}});
    }
  }
  return found;
}

}  // namespace ats::report
