// Whether what the executions say they did is what the ledger says was done: per asset
//
//   what the ledger's venue accounts changed by  =  executions + openings + transfers + corrections + foreign
//
// The left side is the sum of the journalled postings. The right side is computed from the venues' fills
// (price, quantity, fee) as they were told, and from the entries that are no trades of ours. A difference is a
// break, and so is an asset whose postings over all accounts do not come to zero. Sums only: exact, and
// as large as there are assets. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/decimal.hpp"
#include "domain/action.hpp"
#include "domain/ids.hpp"

namespace ats::report {

struct AssetLine {
  AssetId asset;
  Decimal executions;  // bought − sold − fees
  Decimal fees;        // paid, as the fills say: part of `executions`
  Decimal openings, transfers, corrections;
  Decimal foreign;   // fills of orders that are not ours, and their fees
  Decimal ledger;    // on all venues
  Decimal unposted;  // sum over all accounts: not zero is an entry with one side
  bool operator==(const AssetLine&) const = default;

  Decimal accounted() const { return executions + openings + transfers + corrections + foreign; }
  bool sound() const { return ledger == accounted() && unposted.is_zero(); }
};

// Both sides of a difference.
struct BalanceBreak {
  enum class Kind : std::uint8_t { LedgerDiffers, EntriesUneven };
  Kind kind = Kind::LedgerDiffers;
  AssetId asset;
  Decimal ledger;     // LedgerDiffers: the postings; EntriesUneven: what they add up to
  Decimal accounted;  // LedgerDiffers: executions and other entries; EntriesUneven: zero
};

class BalanceCheck {
 public:
  // An entry of the ledger.
  void booked(const Booked& entry);
  // A fill of ours, as the venue told it: base and quote it moved, or a fee it cost (as a negative amount).
  void traded(AssetId asset, Decimal amount);
  void charged(AssetId asset, Decimal fee);

  // By asset; those that nothing ever happened to are all zero.
  const std::vector<AssetLine>& lines() const { return lines_; }
  // Of one account of the ledger.
  Decimal balance(VenueId venue, AssetId asset) const;
  std::vector<BalanceBreak> breaks() const;
  std::uint64_t entries() const { return entries_; }

 private:
  AssetLine& line(AssetId asset);
  std::vector<AssetLine> lines_;
  std::vector<std::vector<Decimal>> balances_;  // by venue, by asset
  std::uint64_t entries_ = 0;
};

}  // namespace ats::report
