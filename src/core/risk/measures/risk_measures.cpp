#include "core/risk/measures/risk_measures.hpp"

namespace ats::core {
namespace {

void add(Decimal& sum, const std::optional<Decimal>& worth) {
  if (!worth) return;
  if (const auto added = sum.checked_add(*worth)) sum = *added;
}

}  // namespace

void read_mids(const Universe& universe, const BookSet& books, bool polled, Instant now,
               std::vector<std::optional<Decimal>>& out) {
  for (const Instrument& instrument : universe.instruments()) {
    std::optional<Decimal>& mid = out[instrument.id.index()];
    mid.reset();
    const BookView view = books.view(instrument.id);
    if (!view.valid(now) && !(polled && view.polled(now))) continue;
    const Level bid = view.best(Side::Buy);
    const Level ask = view.best(Side::Sell);
    if (bid.quantity.is_zero() || ask.quantity.is_zero()) continue;
    const Decimal sum = instrument.price_decimal(bid.price) + instrument.price_decimal(ask.price);
    mid = Decimal::from_raw(sum.raw() / 2);
  }
}

void RiskMeasures::restart(const Universe& universe, AssetId reporting) {
  if (reporting != marks_.reporting()) {
    prices_.clear();
    fresh_at_.clear();
  }
  marks_.bind(universe.assets().size(), reporting);
  profit_.restart(universe, reporting);
  mids_.assign(universe.instruments().size(), std::nullopt);
  fresh_at_.resize(universe.assets().size());
}

void RiskMeasures::on_time(const Universe& universe, const BookSet& books,
                           std::span<const Marks::Told> rates, WallTime wall, Instant now) {
  if (read_.told() && wall >= read_ && wall - read_ < PriceHistory::every) return;
  read_ = wall;
  read_mids(universe, books, false, now, mids_);
  marks_.refresh(universe, mids_, rates);
  prices_.pass(wall);
  for (std::size_t a = 0; a < fresh_at_.size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    if (!marks_.fresh(asset)) continue;
    fresh_at_[a] = wall;
    prices_.mark(asset, wall, marks_.price(asset)->to_double());  // statistics
  }
  profit_.on_time(marks_, wall);
}

MarkedAt RiskMeasures::marked(AssetId asset) const {
  MarkedAt out;
  out.price = marks_.price(asset);
  out.fresh = marks_.fresh(asset);
  const WallTime at = fresh_at_[asset.index()];
  if (at.told() && at < read_) out.age = read_ - at;  // else it is fresh, or the clock was set back
  return out;
}

RiskReport RiskMeasures::report(const Universe& universe, const Ledger& ledger) const {
  RiskReport out;
  out.reporting = marks_.reporting();
  out.as_of = read_;
  out.profit = profit_.report(marks_);
  std::vector<Decimal> held(ledger.assets());
  for (std::size_t v = 0; v < universe.venues().size(); ++v) {
    for (std::size_t a = 0; a < universe.assets().size(); ++a) {
      const VenueId venue{static_cast<VenueId::rep>(v)};
      const AssetId asset{static_cast<AssetId::rep>(a)};
      const Decimal balance = ledger.balance(venue, asset);
      const Decimal change = profit_.change(venue, asset);
      if (!change.is_zero()) {
        out.traded.push_back({venue, asset, change, marks_.worth(asset, change)});
      }
      if (balance.is_zero()) continue;
      if (const auto sum = held[a].checked_add(balance)) held[a] = *sum;
      out.positions.push_back({venue, asset, balance, marks_.worth(asset, balance)});
    }
  }
  for (std::size_t a = 0; a < universe.assets().size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    const Decimal change = ledger.change(asset);
    if (held[a].is_zero() && change.is_zero()) continue;
    RiskReport::Exposure& e = out.exposures.emplace_back();
    e.asset = asset;
    e.mark = marked(asset);
    e.held = held[a];
    e.worth = marks_.worth(asset, e.held);
    e.change = change;
    e.change_worth = marks_.worth(asset, e.change);
    if (!e.mark.price) ++out.unmarked;
    add(out.equity, e.worth);
    if (asset == out.reporting || !e.change_worth) continue;
    add(out.gross, e.change_worth->abs());
    add(out.net, e.change_worth);
  }
  return out;
}

}  // namespace ats::core
