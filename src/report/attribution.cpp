#include "report/attribution.hpp"

#include <algorithm>

namespace ats::report {
namespace {

// What the first q of a series of pieces come to, best or earliest first: quoted levels, or fills.
class Curve {
 public:
  void add(Decimal quantity, Decimal price, Decimal total) {
    if (quantity.is_zero()) return;
    pieces_.push_back({quantity, price, total});
    quantity_ += quantity;
    total_ += total;
  }
  Decimal quantity() const { return quantity_; }
  Decimal total() const { return total_; }
  Decimal last_price() const { return pieces_.empty() ? Decimal() : pieces_.back().price; }

  // Whole pieces at their exact totals, part of one rounded down. Past the end at the last price.
  Decimal at(Decimal quantity) const {
    if (quantity == quantity_) return total_;
    Decimal sum;
    Decimal left = quantity;
    for (const Piece& piece : pieces_) {
      if (left < piece.quantity) return sum + part(piece.price, left);
      sum += piece.total;
      left -= piece.quantity;
    }
    return sum + part(last_price(), left);
  }

 private:
  struct Piece {
    Decimal quantity, price, total;
  };
  // A part of what was traded or offered fits where the whole did; what does not is nobody's promise.
  static Decimal part(Decimal price, Decimal quantity) {
    return price.multiply_floor(quantity).value_or(Decimal());
  }
  std::vector<Piece> pieces_;
  Decimal quantity_, total_;
};

// Levels as far as they go; what the walk took behind them as one piece at its average price.
Curve quoted_curve(const QuotedSide& side) {
  Curve curve;
  Decimal left = side.quantity;
  for (const QuotedSide::Level& level : side.levels) {
    const Decimal taken = std::min(left, level.quantity);
    const auto total = level.price.multiply(taken);
    if (!total) break;
    curve.add(taken, level.price, *total);
    left -= taken;
  }
  const Decimal rest = side.notional - curve.total();
  if (!left.is_zero()) curve.add(left, rest.divide_floor(left).value_or(Decimal()), rest);
  return curve;
}

class Accountant {
 public:
  explicit Accountant(const Execution& execution) : x_(execution) {}

  Attribution go() {
    ATS_ASSERT(x_.resolved);
    out_.in = x_.reporting;
    gather();
    split();
    by_venue();
    ATS_ASSERT(out_.terms.sum() == out_.terms.realised);
    return std::move(out_);
  }

 private:
  struct At {
    VenueId venue;
    Amounts flow;  // fees not taken off
    Amounts fees;
    std::uint32_t fills = 0;
    Decimal volume;
  };

  // In the reporting asset, at the mark; rounded down.
  Decimal worth(AssetId asset, Decimal amount) {
    if (amount.is_zero() || asset == x_.reporting) return amount;
    for (const AssetMark& mark : x_.marks) {
      if (mark.asset != asset) continue;
      if (const auto product = mark.price.multiply_floor(amount)) return *product;
    }
    out_.unmarked = true;
    return {};
  }
  Decimal worth(const Amounts& amounts, AssetId without = {}) {
    Decimal sum;
    for (const Amounts::Amount& a : amounts) {
      if (a.asset != without) sum += worth(a.asset, a.amount);
    }
    return sum;
  }
  // What the selling brings in, as the opportunity counted on converting it.
  Decimal counted(Decimal amount) {
    if (x_.converted.is_zero()) return worth(x_.sell.quote, amount);
    const auto rate = x_.converted_into.divide_floor(x_.converted);
    const auto converted = rate ? rate->multiply_floor(amount) : rate;
    return worth(x_.buy.quote, converted.value_or(Decimal()));
  }

  At& at(VenueId venue) {
    for (At& known : venues_) {
      if (known.venue == venue) return known;
    }
    At& news = venues_.emplace_back();
    news.venue = venue;
    return news;
  }

  // Cash by where it stands: the two legs as they were quoted, everything else, and fees.
  void gather() {
    for (const Leg& leg : x_.legs) {
      const bool buys = leg.side == Side::Buy;
      const QuotedSide& quoted = buys ? x_.buy : x_.sell;
      // What a quote filled is hedged by orders that reduce what is open: where it was to be hedged they are
      // its other leg.
      const bool leg_of_quote = x_.strategy == Strategy::Maker;
      const bool first =
          x_.quoted && (!leg.unwind || leg_of_quote) && leg.instrument == quoted.instrument;
      for (const BookedFill& fill : leg.fills) {
        At& here = at(leg.venue);
        ++here.fills;
        here.volume += worth(leg.quote, fill.notional);
        here.flow.add(leg.base, buys ? fill.quantity : -fill.quantity);
        here.flow.add(leg.quote, buys ? -fill.notional : fill.notional);
        here.fees.add(fill.fee_asset, fill.fee);
        out_.fees.add(fill.fee_asset, fill.fee);
        if (first) {
          (buys ? bought_ : sold_).add(fill.quantity, fill.price, fill.notional);
          if (buys && fill.fee_asset == x_.base) fee_of_bought_ += fill.fee;
        } else {
          others_.add(leg.quote, buys ? -fill.notional : fill.notional);
          others_base_ += buys ? fill.quantity : -fill.quantity;
        }
      }
    }
    std::sort(venues_.begin(), venues_.end(),
              [](const At& a, const At& b) { return a.venue < b.venue; });
    for (const At& here : venues_) {
      out_.volume += here.volume;
      out_.changed.add(here.flow);
      for (const Amounts::Amount& fee : here.fees) out_.changed.add(fee.asset, -fee.amount);
    }
  }

  void split() {
    const Curve asks = quoted_curve(x_.buy);
    const Curve bids = quoted_curve(x_.sell);
    const auto asked = [&](Decimal q) { return worth(x_.buy.quote, asks.at(q)); };
    const auto bid = [&](Decimal q) { return worth(x_.sell.quote, bids.at(q)); };
    const auto paid = [&](Decimal q) { return worth(x_.buy.quote, bought_.at(q)); };
    const auto received = [&](Decimal q) { return worth(x_.sell.quote, sold_.at(q)); };

    // Of what was bought the venue may have kept a part as its fee: that part was never to be sold.
    kept_ = std::clamp(fee_of_bought_, Decimal(), bought_.quantity());
    const Decimal other_base_fees = out_.fees.of(x_.base) - kept_;
    const Decimal got = bought_.quantity() - kept_;
    const Decimal sold = sold_.quantity();
    const Decimal both = std::min(got, sold);
    const Decimal either = std::max(got, sold);
    const bool long_of = got >= sold;

    const Decimal asked_both = asked(both), asked_either = asked(either);
    const Decimal bid_both = bid(both), bid_either = bid(either);
    const Decimal paid_both = paid(both), paid_got = paid(got), paid_all = paid(bought_.quantity());
    const Decimal received_both = received(both), received_all = received(sold);
    const Decimal counted_either = counted(bids.at(either));
    const Decimal others = worth(others_);

    // What is open when all orders are done, before and after fees taken in base by other orders.
    const Decimal open = got - sold + others_base_;
    const Decimal left = open - other_base_fees;
    const Decimal open_quoted = at_quoted(open, long_of ? bids : asks, long_of);
    const Decimal left_quoted = at_quoted(left, long_of ? bids : asks, long_of);
    const Decimal left_marked = worth(x_.base, left);
    const Decimal fees = worth(out_.fees, x_.base);

    Terms& t = out_.terms;
    t.quoted_edge = counted_either - asked_either;
    t.conversion = bid_either - counted_either;
    slippage_buying_ = paid_both - asked_both;
    slippage_selling_ = bid_both - received_both;
    t.slippage = slippage_buying_ + slippage_selling_;
    const Decimal done_about_it = others + open_quoted;
    if (long_of) {
      t.leg_cost = (paid_got - paid_both) - (asked_either - asked_both) + (bid_either - bid_both) -
                   done_about_it;
    } else {
      t.leg_cost = (bid_either - bid_both) - (received_all - received_both) - done_about_it -
                   (asked_either - asked_both);
    }
    fee_kept_ = paid_all - paid_got;
    t.fees = fees + fee_kept_ + (open_quoted - left_quoted);
    t.revaluation = left_marked - left_quoted;
    t.realised = received_all - paid_all + others - fees + left_marked;

    out_.made = both;
    out_.promised = counted(x_.sell.notional) - worth(x_.buy.quote, x_.buy.notional);
  }

  // At the last quoted level of the side that was to take it; without quotes at its mark.
  Decimal at_quoted(Decimal base, const Curve& curve, bool sold_there) {
    if (base.is_zero()) return base;
    if (!x_.quoted) return worth(x_.base, base);
    const auto quote = curve.last_price().multiply_floor(base);
    return worth(sold_there ? x_.sell.quote : x_.buy.quote, quote.value_or(Decimal()));
  }

  // Each venue's own flows at the marks; the last one's figures are what the others leave, so that they add
  // up to the last unit.
  void by_venue() {
    Decimal fees_left = out_.terms.fees;
    Decimal slippage_left = out_.terms.slippage;
    Decimal realised_left = out_.terms.realised;
    for (std::size_t n = 0; n < venues_.size(); ++n) {
      const At& here = venues_[n];
      Attribution::AtVenue& venue = out_.venues.emplace_back();
      venue.venue = here.venue;
      venue.fills = here.fills;
      venue.volume = here.volume;
      const bool last = n + 1 == venues_.size();
      const bool bought_here = here.venue == x_.buy.venue;
      if (bought_here) venue.slippage += slippage_buying_;
      if (here.venue == x_.sell.venue) venue.slippage += slippage_selling_;
      const Decimal in_base = here.fees.of(x_.base) - (bought_here ? kept_ : Decimal());
      const Decimal fees = worth(here.fees, x_.base) + worth(x_.base, in_base) +
                           (bought_here ? fee_kept_ : Decimal());
      Amounts changed = here.flow;
      for (const Amounts::Amount& fee : here.fees) changed.add(fee.asset, -fee.amount);
      venue.fees = last ? fees_left : fees;
      venue.realised = last ? realised_left : worth(changed);
      if (last) venue.slippage = slippage_left;
      fees_left -= venue.fees;
      slippage_left -= venue.slippage;
      realised_left -= venue.realised;
    }
  }

  const Execution& x_;
  Attribution out_;
  Curve bought_, sold_;    // by the two legs as they were quoted
  Decimal fee_of_bought_;  // taken in base from what was bought
  Amounts others_;         // quote assets that all other orders brought in
  Decimal others_base_;    // base they brought in
  Decimal slippage_buying_, slippage_selling_;
  Decimal kept_;      // base that the venue kept of what was bought
  Decimal fee_kept_;  // what it had cost
  std::vector<At> venues_;
};

}  // namespace

Terms& Terms::operator+=(const Terms& other) {
  quoted_edge += other.quoted_edge;
  fees += other.fees;
  slippage += other.slippage;
  leg_cost += other.leg_cost;
  conversion += other.conversion;
  revaluation += other.revaluation;
  realised += other.realised;
  return *this;
}

Rate quoted_rate(const Execution& execution) {
  Decimal proceeds = execution.sell.notional;
  if (!execution.converted.is_zero()) {
    const auto rate = execution.converted_into.divide_floor(execution.converted);
    proceeds = rate ? rate->multiply_floor(proceeds).value_or(Decimal()) : Decimal();
  }
  const auto ratio = proceeds.divide_floor(execution.buy.notional, 9);
  if (!execution.quoted || !ratio) return {};
  const auto ppb = ratio->to_scaled_floor(9);
  return ppb ? Rate{*ppb - Rate::one} : Rate{};
}

Attribution attribute(const Execution& execution) { return Accountant(execution).go(); }

}  // namespace ats::report
