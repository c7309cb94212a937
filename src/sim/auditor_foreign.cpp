// What somebody else trades on our accounts: what the engine is told of it is booked once, at the venue's own
// numbers, and is no trade of ours. What it is not told of shows as a break.

#include "sim/auditor.hpp"

namespace ats::sim {

void Auditor::on(const ForeignFill& event, Instant) {
  const FillKey fill{event.fill.instrument.value, std::string(event.fill.id.view())};
  if (watched(event.fill.instrument).opened && !foreign_.contains(fill)) foreign_told_ = event;
}

// Before the next event, and at each check: what was told by the one before is booked by now.
void Auditor::check_foreign(Instant now) {
  if (!foreign_told_) return;
  violate(Invariant::LedgerBalances, now,
          "fill " + std::string(foreign_told_->fill.id.view()) +
              " of an order that is not ours on " +
              universe_.instrument_name(foreign_told_->fill.instrument) +
              " was told and is not booked");
  foreign_told_.reset();
}

void Auditor::booked_foreign(const Booked& entry, Instant now) {
  const std::string which =
      "fill " + std::string(entry.fill.view()) + " of an order that is not ours";
  if (!foreign_told_ || foreign_told_->fill.id != entry.fill) {
    violate(Invariant::FillBookedOnce, now, which + " is booked and was not told, or booked twice");
    return;
  }
  const Fill fill = foreign_told_->fill;
  foreign_told_.reset();
  foreign_.insert({fill.instrument.value, std::string(fill.id.view())});
  const Instrument& i = instrument(fill.instrument);
  const Decimal base = i.quantity_decimal(fill.quantity);
  const Decimal quote = i.notional(fill.price, fill.quantity);
  const bool buys = fill.side == Side::Buy;
  const auto moves = [&](AssetId asset) {
    Decimal sum;
    if (asset == i.base) sum += buys ? base : -base;
    if (asset == i.quote) sum += buys ? -quote : quote;
    if (asset == fill.fee_asset) sum -= fill.fee;
    return sum;
  };
  for (const AssetId asset : {i.base, i.quote}) {
    Decimal at_venue;
    bool posted = false;
    for (std::size_t n = 0; n < entry.count; ++n) {
      const Posting& posting = entry.postings[n];
      if (posting.account != Account::Venue && posting.account != Account::External)
        violate(Invariant::LedgerBalances, now, which + " is booked as a trade of ours");
      if (posting.account != Account::Venue || posting.asset != asset) continue;
      at_venue += posting.amount;
      posted = true;
    }
    // An account that was not opened yet has it in its opening balance.
    if (posted && at_venue != moves(asset))
      violate(Invariant::ExactNumbers, now,
              which + " is booked with other numbers than the venue's");
  }
}

}  // namespace ats::sim
