// The double-entry ledger: what we own where, and what every fill did to it. Exact decimals only.
//
// Accounts: Venue(v, asset) holds what we own on a venue; Trading is the other side of what fills moved;
// Fees is the other side of what venues charged; External is where opening balances (and differences a
// person accepted, and what somebody else traded on our account) came from.
//
// Invariants:
//  - the postings of one entry sum to zero per asset, and so do all accounts together;
//  - a fill is booked once, by (instrument, fill id), whatever is duplicated, late, or found again; its name
//    is kept until the owner says that nothing more will be booked for its order;
//  - what is traded on our account by orders that are not ours moves what we own, and is neither profit nor
//    fee of ours;
//  - a balance the venue tells never changes the ledger, except to open an account that has no entry,
//    or when a person accepts a difference (an entry of its own kind, seen by everyone).
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "base/decimal.hpp"
#include "base/result.hpp"
#include "domain/action.hpp"
#include "domain/config.hpp"
#include "domain/ids.hpp"
#include "domain/instrument.hpp"
#include "domain/order.hpp"

namespace ats::core {

enum class FillFault : std::uint8_t {
  Duplicate,  // booked before: nothing to do
  NotAFill,   // no quantity, no price, no id, or an instrument or asset that does not exist
  Overflow,   // amounts no account can hold
};

class Ledger {
 public:
  // Makes room for the universe; accounts that exist are kept. Ids only ever grow.
  void bind(std::size_t venues, std::size_t assets);

  // Tests only: the planted bugs of domain/config.hpp.
  void plant(Mutant mutant) { mutant_ = mutant; }

  // Books base, quote and fee of a fill. Nothing is booked when a fault is answered.
  Result<Booked, FillFault> book(const Fill& fill, const Instrument& instrument);
  // Books a fill of an order that is not ours. Accounts without an entry are left out: the balance that opens
  // them has it in it.
  Result<Booked, FillFault> book_foreign(const Fill& fill, const Instrument& instrument);
  // The fill's name is not needed any more: nobody books for its order again.
  void forget(InstrumentId instrument, const FillId& fill) { booked_.erase({instrument, fill}); }
  std::size_t fills_remembered() const { return booked_.size(); }

  // Whether the account has any entry.
  bool opened(VenueId venue, AssetId asset) const { return at(venue, asset).opened; }
  // External -> Venue: the first balance the venue told. The account must have no entry (asserted).
  Result<Booked, FillFault> open(VenueId venue, AssetId asset, Decimal total);
  // External -> Venue: brings the account to `total` because a person accepted the venue's number.
  Result<Booked, FillFault> correct(VenueId venue, AssetId asset, Decimal total);

  Decimal balance(VenueId venue, AssetId asset) const { return at(venue, asset).amount; }
  Decimal trading(AssetId asset) const { return trading_[asset.index()]; }
  // What was paid, as a positive amount.
  Decimal fees(AssetId asset) const { return fees_[asset.index()]; }
  Decimal external(AssetId asset) const { return external_[asset.index()]; }
  // Profit and loss in this asset since the opening, fees taken: what trading and fees left with us.
  Decimal change(AssetId asset) const { return -(trading(asset) + fees(asset)); }

  std::size_t venues() const { return venues_; }
  std::size_t assets() const { return assets_; }
  std::uint64_t fills_booked() const { return fills_booked_; }
  std::uint64_t duplicates() const { return duplicates_; }

 private:
  struct VenueAccount {
    Decimal amount;
    bool opened = false;
  };
  struct FillKey {
    InstrumentId instrument;
    FillId fill;
    bool operator==(const FillKey&) const = default;
  };
  struct FillKeyHash {
    std::size_t operator()(const FillKey& key) const noexcept {
      return std::hash<FillId>{}(key.fill) * 31 + key.instrument.value;
    }
  };

  const VenueAccount& at(VenueId venue, AssetId asset) const {
    return venue_accounts_[venue.index() * assets_ + asset.index()];
  }
  VenueAccount& at(VenueId venue, AssetId asset) {
    return venue_accounts_[venue.index() * assets_ + asset.index()];
  }
  // What the fill moves at its venue, by its own numbers.
  struct Moved {
    Decimal base, quote;  // signed
  };
  Result<Moved, FillFault> moved(const Fill& fill, const Instrument& instrument);
  // Adds the postings to the accounts: all of them, or none and false when one would overflow.
  bool post(const Booked& entry);
  Decimal& account_of(const Posting& posting);

  std::size_t venues_ = 0;
  std::size_t assets_ = 0;
  std::vector<VenueAccount> venue_accounts_;  // venue-major
  std::vector<Decimal> trading_, fees_, external_;
  std::unordered_set<FillKey, FillKeyHash> booked_;  // asked only, never walked
  std::uint64_t fills_booked_ = 0;
  std::uint64_t duplicates_ = 0;
  Mutant mutant_ = Mutant::None;
};

}  // namespace ats::core
