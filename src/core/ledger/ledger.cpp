#include "core/ledger/ledger.hpp"

namespace ats::core {
namespace {

void add(Booked& entry, Account account, VenueId venue, AssetId asset, Decimal amount) {
  ATS_ASSERT(entry.count < std::size(entry.postings));
  entry.postings[entry.count++] = {account, venue, asset, amount};
}

}  // namespace

void Ledger::bind(std::size_t venues, std::size_t assets) {
  ATS_ASSERT(venues >= venues_ && assets >= assets_);
  std::vector<VenueAccount> grown(venues * assets);
  for (std::size_t v = 0; v < venues_; ++v) {
    for (std::size_t a = 0; a < assets_; ++a) {
      grown[v * assets + a] = venue_accounts_[v * assets_ + a];
    }
  }
  venue_accounts_ = std::move(grown);
  trading_.resize(assets);
  fees_.resize(assets);
  external_.resize(assets);
  venues_ = venues;
  assets_ = assets;
}

Result<Ledger::Moved, FillFault> Ledger::moved(const Fill& fill, const Instrument& instrument) {
  if (fill.id.empty() || fill.quantity.units <= 0 || fill.price.units <= 0 ||
      fill.instrument != instrument.id) {
    return fail(FillFault::NotAFill);
  }
  if (!fill.fee.is_zero() && fill.fee_asset.index() >= assets_) return fail(FillFault::NotAFill);
  if (booked_.contains({fill.instrument, fill.id})) {
    ++duplicates_;
    if (mutant_ != Mutant::BookFillTwice) return fail(FillFault::Duplicate);
  }

  const Decimal base = instrument.quantity_decimal(fill.quantity);
  const auto quote = instrument.price_decimal(fill.price).multiply(base);
  if (!quote) return fail(FillFault::Overflow);
  const bool buy = (fill.side == Side::Buy) != (mutant_ == Mutant::BookBuyAsSell);
  return Moved{buy ? base : -base, buy ? -*quote : *quote};
}

Result<Booked, FillFault> Ledger::book(const Fill& fill, const Instrument& instrument) {
  const auto moves = moved(fill, instrument);
  if (!moves) return fail(moves.error());
  VenueId venue = instrument.venue;
  if (mutant_ == Mutant::BookOnOtherVenue)
    venue = VenueId{static_cast<VenueId::rep>((venue.index() + 1) % venues_)};

  Booked entry;
  entry.kind = EntryKind::Fill;
  entry.order = fill.order;
  entry.fill = fill.id;
  add(entry, Account::Venue, venue, instrument.base, moves->base);
  add(entry, Account::Trading, {}, instrument.base, -moves->base);
  add(entry, Account::Venue, venue, instrument.quote, moves->quote);
  add(entry, Account::Trading, {}, instrument.quote, -moves->quote);
  if (!fill.fee.is_zero()) {
    Decimal fee = mutant_ == Mutant::WrongFeeSign ? -fill.fee : fill.fee;
    if (mutant_ == Mutant::RoundFee) fee = fee.floor_to(4);
    add(entry, Account::Venue, venue, fill.fee_asset, -fee);
    add(entry, Account::Fees, {}, fill.fee_asset, fee);
  }
  if (!post(entry)) return fail(FillFault::Overflow);
  booked_.insert({fill.instrument, fill.id});
  ++fills_booked_;
  return entry;
}

Result<Booked, FillFault> Ledger::book_foreign(const Fill& fill, const Instrument& instrument) {
  const auto moves = moved(fill, instrument);
  if (!moves) return fail(moves.error());
  const Account other =
      mutant_ == Mutant::ForeignFillIsTrade ? Account::Trading : Account::External;
  Booked entry;
  entry.kind = EntryKind::ForeignFill;
  entry.fill = fill.id;
  const auto move = [&](AssetId asset, Decimal amount) {
    if (!opened(instrument.venue, asset)) return;
    add(entry, Account::Venue, instrument.venue, asset, amount);
    add(entry, other, {}, asset, -amount);
  };
  move(instrument.base, moves->base);
  move(instrument.quote, moves->quote);
  if (!fill.fee.is_zero()) move(fill.fee_asset, -fill.fee);
  if (!post(entry)) return fail(FillFault::Overflow);
  booked_.insert({fill.instrument, fill.id});
  return entry;
}

Result<Booked, FillFault> Ledger::open(VenueId venue, AssetId asset, Decimal total) {
  ATS_ASSERT(!opened(venue, asset));
  Booked entry;
  entry.kind = EntryKind::Opening;
  add(entry, Account::Venue, venue, asset, total);
  add(entry, Account::External, {}, asset, Decimal() - total);
  if (!post(entry)) return fail(FillFault::Overflow);
  return entry;
}

Result<Booked, FillFault> Ledger::correct(VenueId venue, AssetId asset, Decimal total) {
  const auto difference = total.checked_add(-balance(venue, asset));
  if (!difference) return fail(FillFault::Overflow);
  Booked entry;
  entry.kind = EntryKind::Correction;
  add(entry, Account::Venue, venue, asset, *difference);
  add(entry, Account::External, {}, asset, -*difference);
  if (!post(entry)) return fail(FillFault::Overflow);
  return entry;
}

Decimal& Ledger::account_of(const Posting& posting) {
  switch (posting.account) {
    case Account::Venue:
      return at(posting.venue, posting.asset).amount;
    case Account::Trading:
      return trading_[posting.asset.index()];
    case Account::Fees:
      return fees_[posting.asset.index()];
    case Account::External:
      return external_[posting.asset.index()];
  }
  ATS_ASSERT(false);
}

bool Ledger::post(const Booked& entry) {
  // Amounts far below what a Decimal holds, so that no sum of accounts elsewhere can overflow.
  constexpr Decimal most = Decimal::from_raw(Decimal::one * 100'000'000'000'000'000);
  for (std::size_t i = 0; i < entry.count; ++i) {
    const auto raised = account_of(entry.postings[i]).checked_add(entry.postings[i].amount);
    if (!raised || *raised > most || *raised < -most || entry.postings[i].amount > most ||
        entry.postings[i].amount < -most) {
      return false;
    }
  }
  for (std::size_t i = 0; i < entry.count; ++i) {
    const Posting& posting = entry.postings[i];
    account_of(posting) += posting.amount;
    if (posting.account == Account::Venue) at(posting.venue, posting.asset).opened = true;
  }
  return true;
}

}  // namespace ats::core
