#include "core/inventory/plan.hpp"

#include <algorithm>

namespace ats::core {

const char* name(Way way) {
  switch (way) {
    case Way::Transfer:
      return "transfer";
    case Way::Reverse:
      return "reverse";
    case Way::Wait:
      return "wait";
  }
  return "?";
}

const char* name(Because because) {
  switch (because) {
    case Because::NothingShut:
      return "every direction is open: waiting costs nothing now";
    case Because::Pays:
      return "the way back earns at the books as they stand";
    case Because::Cheapest:
      return "the cheapest of the ways that are known";
    case Because::OnlyWay:
      return "the only way that is known and possible now";
    case Because::NothingKnown:
      return "neither a transfer nor a way back is known and possible now";
  }
  return "?";
}

const char* name(TransferWay::State state) {
  switch (state) {
    case TransferWay::State::Possible:
      return "possible";
    case TransferWay::State::NotKnown:
      return "not known: set inventory.transfers";
    case TransferWay::State::BelowLeast:
      return "less than the venue sends";
  }
  return "?";
}

const char* name(ReverseWay::State state) {
  switch (state) {
    case ReverseWay::State::Possible:
      return "possible";
    case ReverseWay::State::NoPair:
      return "no pair that both venues trade";
    case ReverseWay::State::NoBook:
      return "a book is not valid now";
    case ReverseWay::State::NoFunds:
      return "the other asset is not there to trade it with";
    case ReverseWay::State::TooSmall:
      return "below the smallest order";
    case ReverseWay::State::NoDepth:
      return "the books hold too little";
    case ReverseWay::State::Unbalances:
      return "it would leave the pair's other asset off target";
  }
  return "?";
}

namespace {

using Holdings = std::vector<Holding>;

class Planner {
 public:
  Planner(const InventoryView& view, const PlanRules& rules, Instant now)
      : v_(view), rules_(rules), now_(now) {}

  InventoryReport plan() {
    out_.reporting = v_.marks.reporting();
    out_.band = rules_.band;
    out_.skew = v_.config.inventory_skew;
    out_.floor = v_.config.inventory_floor;
    std::vector<Holdings> assets;
    for (std::size_t a = 0; a < v_.universe.assets().size(); ++a) {
      assets.push_back(holdings_of({static_cast<AssetId::rep>(a)}));
    }
    directions();
    for (const Holdings& holdings : assets) {
      for (const Shift& shift : shifts_needed(holdings, rules_.band)) {
        out_.moves.push_back(move(holdings.front().asset, shift));
      }
    }
    return std::move(out_);
  }

 private:
  // Of venues that have told; the target shares of the others are shared out, in proportion.
  Holdings holdings_of(AssetId asset) {
    Holdings holdings;
    std::int64_t targets = 0;
    for (std::size_t n = 0; n < v_.universe.venues().size(); ++n) {
      const VenueId venue{static_cast<VenueId::rep>(n)};
      if (!v_.skew.targets().trades(venue, asset) || !v_.ledger.opened(venue, asset)) continue;
      Holding h;
      h.venue = venue;
      h.asset = asset;
      h.held = v_.ledger.balance(venue, asset);
      h.free = v_.funds.free(venue, asset);
      h.target = v_.skew.targets().share(venue, asset);
      targets += h.target.ppb;
      holdings.push_back(h);
    }
    for (Holding& h : holdings) {
      if (targets == 0 || targets == Rate::one) continue;
      h.target.ppb = static_cast<std::int64_t>(Int128{h.target.ppb} * Rate::one / targets);
    }
    judge_holdings(holdings, rules_.band);
    for (const Holding& h : holdings) {
      out_.holdings.push_back(h);
      out_.worths.push_back(v_.marks.worth(asset, h.held));
    }
    return holdings;
  }

  Decimal free(VenueId venue, AssetId asset) const {
    return std::max(Decimal(), v_.funds.free(venue, asset));
  }
  // Of one unit of the base, in the quote asset; by the marks.
  std::optional<Decimal> price(AssetId base, AssetId quote) const {
    const auto of_base = v_.marks.price(base);
    const auto of_quote = v_.marks.price(quote);
    if (!of_base || !of_quote || of_quote->is_zero()) return std::nullopt;
    const auto price = of_base->divide_floor(*of_quote);
    return price ? std::optional(*price) : std::nullopt;
  }

  // The smallest order that both instruments take, in the base.
  Decimal smallest(const Instrument& a, const Instrument& b) const {
    Decimal least;
    for (const Instrument* i : {&a, &b}) {
      least =
          std::max({least, i->quantity_decimal(i->min_quantity), i->quantity_decimal({i->lot})});
      const auto at = price(i->base, i->quote);
      if (!at || at->is_zero()) continue;
      const auto notional = i->min_notional.divide_floor(*at);
      if (notional) least = std::max(least, *notional);
    }
    return least;
  }

  void directions() {
    for (const Instrument& buy : v_.universe.instruments()) {
      for (const Instrument& sell : v_.universe.instruments()) {
        if (buy.pair != sell.pair || buy.venue == sell.venue) continue;
        out_.directions.push_back(direction(buy, sell));
      }
    }
  }

  Direction direction(const Instrument& buy, const Instrument& sell) const {
    Direction d;
    d.pair = buy.pair;
    d.buy = buy.id;
    d.sell = sell.id;
    d.min_edge = v_.skew.min_edge(buy.id, sell.id);
    const Decimal base = free(sell.venue, sell.base);
    const Decimal quote = free(buy.venue, buy.quote);
    const auto base_worth = v_.marks.worth(sell.base, base);
    const auto quote_worth = v_.marks.worth(buy.quote, quote);
    const Decimal least = smallest(buy, sell);
    const auto at = price(buy.base, buy.quote);
    const auto cost = at ? at->multiply_ceil(least) : fail(NumberError::Overflow);
    const bool no_base = base < least;
    const bool no_quote = quote.is_zero() || (cost && quote < *cost);
    const bool base_is_less = base_worth && quote_worth ? *base_worth < *quote_worth : no_base;
    if (base_worth && quote_worth) d.room = std::min(*base_worth, *quote_worth);
    d.shut = no_base || no_quote;
    d.narrow = !d.shut && d.room && *d.room < v_.config.max_order_notional;
    if (d.shut || d.narrow) {
      const bool base_lacks = d.shut ? (no_base && (!no_quote || base_is_less)) : base_is_less;
      d.lacking = base_lacks ? sell.venue : buy.venue;
      d.lacks = base_lacks ? sell.base : buy.quote;
    }
    return d;
  }

  Move move(AssetId asset, const Shift& shift) {
    Move m;
    m.asset = asset;
    m.shift = shift;
    m.worth = v_.marks.worth(asset, shift.amount);
    for (std::size_t n = 0; n < out_.directions.size(); ++n) {
      const Direction& d = out_.directions[n];
      const bool lacks = (d.shut || d.narrow) && d.lacking == shift.to && d.lacks == asset;
      if (lacks) m.forgone.push_back(static_cast<std::uint32_t>(n));
    }
    m.transfer = transfer(asset, shift);
    m.reverse = reverse(asset, shift);
    recommend(m);
    return m;
  }

  // The cheapest network that leads from the one venue to the other.
  TransferWay transfer(AssetId asset, const Shift& shift) const {
    const auto names = [&](const TransferLine& line, VenueId venue) {
      return line.venue.view() == v_.universe.venue(venue).name.view() &&
             line.asset.view() == v_.universe.asset(asset).name.view();
    };
    TransferWay way;
    for (const TransferLine& line : rules_.transfers) {
      if (!names(line, shift.from)) continue;
      const bool arrives =
          std::any_of(rules_.transfers.begin(), rules_.transfers.end(), [&](const auto& other) {
            return names(other, shift.to) && other.network == line.network;
          });
      if (!arrives) continue;
      const bool possible = shift.amount >= line.least && shift.amount > line.fee;
      const bool better = possible ? way.state != TransferWay::State::Possible || line.fee < way.fee
                                   : way.state == TransferWay::State::NotKnown;
      if (!better) continue;
      way.state = possible ? TransferWay::State::Possible : TransferWay::State::BelowLeast;
      way.network = line.network;
      way.fee = line.fee;
      way.minutes = line.minutes;
      way.least = line.least;
      way.cost = v_.marks.worth(asset, line.fee);
    }
    return way;
  }

  // The pair that brings the most of it the cheapest.
  ReverseWay reverse(AssetId asset, const Shift& shift) const {
    ReverseWay best;
    for (const Instrument& there : v_.universe.instruments()) {
      if (there.venue != shift.to || (there.base != asset && there.quote != asset)) continue;
      const InstrumentId id = v_.universe.find_instrument(shift.from, there.pair);
      if (!id.valid()) continue;
      const ReverseWay way = reverse_on(asset, shift, v_.universe.instrument(id), there);
      if (preferred(way, best)) best = way;
    }
    return best;
  }

  static bool preferred(const ReverseWay& a, const ReverseWay& b) {
    using State = ReverseWay::State;
    const bool possible = a.state == State::Possible;
    if (possible != (b.state == State::Possible)) return possible;
    if (!possible) return b.state == State::NoPair;  // the first reason stands
    if (a.trip.whole != b.trip.whole) return a.trip.whole;
    return a.trip.cost < b.trip.cost;
  }

  // The base is sold where there is too much of it; a quote asset is spent there, and got back on the other.
  ReverseWay reverse_on(AssetId asset, const Shift& shift, const Instrument& from,
                        const Instrument& to) const {
    using State = ReverseWay::State;
    const bool is_base = from.base == asset;
    const Instrument& sell = is_base ? from : to;
    const Instrument& buy = is_base ? to : from;
    ReverseWay way;
    way.pair = from.pair;
    way.buy = buy.id;
    way.sell = sell.id;
    way.moves_back = is_base ? from.quote : from.base;
    const BookView asks = v_.books.view(buy.id);
    const BookView bids = v_.books.view(sell.id);
    way.state = State::NoBook;
    if (!asks.valid(now_) || !bids.valid(now_)) return way;
    const Level ask = asks.best(Side::Sell);
    if (ask.quantity.is_zero() || bids.best(Side::Buy).quantity.is_zero()) return way;
    Decimal wanted = shift.amount;
    const Decimal each = buy.price_decimal(ask.price);
    const auto per = each.multiply_ceil(Decimal::from_int(1) + buy.fees.taker.decimal());
    const auto affordable = per ? free(buy.venue, buy.quote).divide_floor(*per) : per;
    way.state = State::NoFunds;
    if (!affordable) return way;
    if (!is_base) {
      const auto base = shift.amount.divide_floor(*per);
      if (!base) return way;
      wanted = *base;
    }
    const Decimal funded = std::min({wanted, *affordable, free(sell.venue, sell.base)});
    const auto trip = price_round_trip(buy, Levels(asks.levels(Side::Sell)), sell,
                                       Levels(bids.levels(Side::Buy)), funded);
    if (!trip) {
      const bool short_of_funds = funded < wanted && trip.error() == NoTrip::TooSmall;
      way.state = short_of_funds                     ? State::NoFunds
                  : trip.error() == NoTrip::TooSmall ? State::TooSmall
                                                     : State::NoDepth;
      return way;
    }
    way.trip = *trip;
    way.trip.whole = trip->whole && funded == wanted;
    way.cost = v_.marks.worth(from.quote, trip->loss());
    way.state = State::Possible;
    // What goes the other way: from where the asset is to come to, to where it is taken from.
    const Decimal back = is_base ? trip->paid : trip->base;
    if (unbalances(way.moves_back, shift.to, shift.from, back)) way.state = State::Unbalances;
    return way;
  }

  // Whether taking it there, or putting it here, leaves either of the two off that was not, or further.
  bool unbalances(AssetId asset, VenueId taken_from, VenueId put_to, Decimal amount) const {
    Decimal all;
    for (const Holding& h : out_.holdings) {
      if (h.asset == asset) all += h.held;
    }
    const Decimal most = all.multiply_floor(rules_.band.decimal()).value_or(Decimal());
    for (const Holding& h : out_.holdings) {
      if (h.asset != asset || (h.venue != taken_from && h.venue != put_to)) continue;
      const Decimal after = h.venue == put_to ? h.over() + amount : h.over() - amount;
      if (after.abs() > most && after.abs() > h.over().abs()) return true;
    }
    return false;
  }

  static void recommend(Move& m) {
    const bool sends = m.transfer.state == TransferWay::State::Possible;
    const bool trades = m.reverse.state == ReverseWay::State::Possible;
    const auto choose = [&m](Way way, Because because) {
      m.recommended = way;
      m.because = because;
    };
    if (trades && m.reverse.cost && *m.reverse.cost <= Decimal())
      return choose(Way::Reverse, Because::Pays);
    if (m.forgone.empty()) return choose(Way::Wait, Because::NothingShut);
    if (!sends && !trades) return choose(Way::Wait, Because::NothingKnown);
    if (sends != trades) return choose(sends ? Way::Transfer : Way::Reverse, Because::OnlyWay);
    // A cost that nobody can count is not the cheaper one; of two equal ones the quicker.
    const bool send = m.transfer.cost && (!m.reverse.cost || *m.transfer.cost < *m.reverse.cost);
    choose(send ? Way::Transfer : Way::Reverse, Because::Cheapest);
  }

  const InventoryView& v_;
  const PlanRules& rules_;
  Instant now_;
  InventoryReport out_;
};

}  // namespace

InventoryReport plan_inventory(const InventoryView& view, const PlanRules& rules, Instant now) {
  return Planner(view, rules, now).plan();
}

}  // namespace ats::core
