#include "core/ledger/marks.hpp"

namespace ats::core {

void Marks::bind(std::size_t assets, AssetId reporting) {
  if (reporting != reporting_) marks_.clear();
  reporting_ = reporting;
  marks_.resize(assets);
  for (Mark& mark : marks_) mark.fresh = false;
  if (reporting.valid()) marks_[reporting.index()] = {Decimal::from_int(1), true, true, 0};
}

void Marks::refresh(const Universe& universe, std::span<const std::optional<Decimal>> mids,
                    std::span<const Told> rates) {
  for (Mark& mark : marks_) mark.fresh = false;
  if (!reporting_.valid()) return;
  marks_[reporting_.index()].fresh = true;

  // Outwards from the reporting asset, a step a round; rates only where no book leads any further.
  bool found = true;
  for (std::uint32_t round = 1; found; ++round) {
    found = false;
    for (const Instrument& instrument : universe.instruments()) {
      const std::optional<Decimal>& mid = mids[instrument.id.index()];
      if (mid && spread(instrument.base, instrument.quote, *mid, round)) found = true;
    }
    for (const Told& rate : rates) {
      if (!found && spread(rate.base, rate.quote, rate.price, round)) found = true;
    }
  }
}

// From the one of the two that was marked in an earlier round to the one that is not marked.
bool Marks::spread(AssetId base_asset, AssetId quote_asset, Decimal price, std::uint32_t round) {
  Mark& base = marks_[base_asset.index()];
  Mark& quote = marks_[quote_asset.index()];
  if (price.is_zero() || base.fresh == quote.fresh) return false;
  if ((quote.fresh ? quote : base).steps >= round) return false;
  const auto mark =
      quote.fresh ? quote.price.multiply_floor(price) : base.price.divide_floor(price);
  if (!mark || mark->is_zero()) return false;
  (quote.fresh ? base : quote) = {*mark, true, true, round};
  return true;
}

std::optional<Decimal> Marks::worth(AssetId asset, Decimal amount) const {
  if (amount.is_zero()) return Decimal();
  const Mark& mark = marks_[asset.index()];
  if (!mark.known) return std::nullopt;
  const auto worth = mark.price.multiply_floor(amount);
  if (!worth) return std::nullopt;
  return *worth;
}

}  // namespace ats::core
