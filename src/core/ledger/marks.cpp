#include "core/ledger/marks.hpp"

namespace ats::core {

void Marks::bind(std::size_t assets, AssetId reporting) {
  if (reporting != reporting_) marks_.clear();
  reporting_ = reporting;
  marks_.resize(assets);
  for (Mark& mark : marks_) mark.fresh = false;
  if (reporting.valid()) marks_[reporting.index()] = {Decimal::from_int(1), true, true};
}

void Marks::refresh(const Universe& universe, std::span<const std::optional<Decimal>> mids) {
  for (Mark& mark : marks_) mark.fresh = false;
  if (!reporting_.valid()) return;
  marks_[reporting_.index()].fresh = true;

  // Outwards from the reporting asset, one pair a round; lower instrument ids win.
  bool found = true;
  while (found) {
    found = false;
    for (const Instrument& instrument : universe.instruments()) {
      const std::optional<Decimal>& mid = mids[instrument.id.index()];
      if (!mid || mid->is_zero()) continue;
      Mark& base = marks_[instrument.base.index()];
      Mark& quote = marks_[instrument.quote.index()];
      if (base.fresh == quote.fresh) continue;
      const auto price =
          quote.fresh ? quote.price.multiply_floor(*mid) : base.price.divide_floor(*mid);
      if (!price || price->is_zero()) continue;
      (quote.fresh ? base : quote) = {*price, true, true};
      found = true;
    }
  }
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
