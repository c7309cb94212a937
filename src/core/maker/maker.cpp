#include "core/maker/maker.hpp"

#include <algorithm>

namespace ats::core {

Maker::Maker(const Universe& universe, const CoreConfig& config)
    : universe_(universe), config_(config), of_instrument_(universe.instruments().size()) {
  if (config.maker == StrategyMode::Off) return;
  for (const MakerPair& pair : config.maker_pairs) {
    const VenueId here = universe.find_venue(pair.quote_venue.view());
    const VenueId there = universe.find_venue(pair.hedge_venue.view());
    const AssetId base = universe.find_asset(pair.base.view());
    const AssetId quote = universe.find_asset(pair.quote.view());
    if (!here.valid() || !there.valid() || !base.valid() || !quote.valid() || here == there)
      continue;
    const auto on_venue = [&](VenueId venue) {
      for (const Instrument& i : universe.instruments()) {
        if (i.venue == venue && i.base == base && i.quote == quote) return i.id;
      }
      return InstrumentId{};
    };
    const InstrumentId on = on_venue(here);
    const InstrumentId hedge = on_venue(there);
    if (!on.valid() || !hedge.valid()) continue;
    for (const Side which : {Side::Buy, Side::Sell}) {
      const auto n = static_cast<std::uint16_t>(sides_.size());
      MakerSide& side = sides_.emplace_back();
      side.on = on;
      side.hedge = hedge;
      side.side = which;
      of_instrument_[on.index()].push_back(n);
      of_instrument_[hedge.index()].push_back(n);
    }
  }
}

void Maker::on_book(InstrumentId changed, const BookSet& books, QuoteDesk& desk, Instant now,
                    Actions& out) {
  for (const std::uint16_t n : of_instrument_[changed.index()])
    look(sides_[n], books, desk, now, out);
}

void Maker::look(const BookSet& books, QuoteDesk& desk, Instant now, Actions& out) {
  for (MakerSide& side : sides_) look(side, books, desk, now, out);
}

void Maker::look(MakerSide& side, const BookSet& books, QuoteDesk& desk, Instant now,
                 Actions& out) {
  const StandingQuote standing = desk.standing(side.order);
  if (side.order.valid() && !standing.live) {
    side.order = {};
    if (standing.unwanted) {
      side.doublings = std::min(side.doublings + 1, doublings_most);
      side.next = std::max(side.next,
                           now + config_.maker_requote_every * (std::int64_t{1} << side.doublings));
    }
  }
  if (standing.live && standing.known) side.doublings = 0;

  const auto wanted = want(side, standing, books, desk, now);
  if (!wanted) {
    side.refused = wanted.error();
    side.wanted = {};
    const bool stale =
        side.refused == RefuseReason::BookNotValid || side.refused == RefuseReason::BookPolled;
    if (stale && config_.mutant == Mutant::LeaveStaleQuote) return;
    if (standing.live && !standing.leaving) desk.take_back(side.order, now, out);
    return;
  }
  side.wanted = *wanted;
  if (standing.live) {
    side.refused = RefuseReason::None;
    if (standing.leaving || (!standing.known && !standing.moving)) return;
    if (loses(side, standing, books)) {
      desk.take_back(side.order, now, out);
    } else if (standing.known && to_be_moved(side, standing, *wanted, now)) {
      if (desk.amend(side.order, {side.on, side.hedge, side.side, *wanted}, now, out)) {
        side.next = now + config_.maker_requote_every;
      } else {
        desk.take_back(side.order, now, out);
      }
    }
    return;
  }
  if (config_.maker != StrategyMode::Trade) {
    side.refused = RefuseReason::ObserveOnly;
    return;
  }
  if (now < side.next) return;
  side.refused = desk.quote({side.on, side.hedge, side.side, *wanted}, now, out, side.order);
  if (side.refused == RefuseReason::None) side.next = now + config_.maker_requote_every;
}

Result<PricedQuote, RefuseReason> Maker::want(const MakerSide& side, const StandingQuote& standing,
                                              const BookSet& books, const QuoteDesk& desk,
                                              Instant now) const {
  const BookView here = books.view(side.on);
  const BookView there = books.view(side.hedge);
  for (const BookView* view : {&here, &there}) {
    const RefuseReason why = view->why_not(now);
    if (why != RefuseReason::None) return fail(why);
  }
  const RefuseReason refused = desk.may_quote(side.on, side.hedge, now);
  if (refused != RefuseReason::None) return fail(refused);

  const Instrument& on = instrument(side.on);
  const Instrument& hedge = instrument(side.hedge);
  const bool bid = side.side == Side::Buy;
  QuoteLimits limits;
  limits.edge = config_.maker_edge;
  limits.max_edge = config_.max_edge;
  limits.slippage = config_.max_slippage;
  limits.notional = desk.quote_limit(on.quote);
  // What stands gives way to what is wanted.
  limits.free_here = desk.free(on.venue, bid ? on.quote : on.base) + standing.holds;
  limits.free_there = desk.free(hedge.venue, bid ? hedge.base : hedge.quote) + standing.pledges;
  return price_quote(on, hedge, side.side, Levels(there.levels(side.side)),
                     here.best(opposite(side.side)), limits);
}

// Hedging it now would.
bool Maker::loses(const MakerSide& side, const StandingQuote& standing,
                  const BookSet& books) const {
  const auto net =
      net_of_quote(instrument(side.on), instrument(side.hedge), side.side, standing.price,
                   standing.left, Levels(books.view(side.hedge).levels(side.side)));
  return !net || net->ppb < 0;
}

bool Maker::to_be_moved(const MakerSide& side, const StandingQuote& standing,
                        const PricedQuote& wanted, Instant now) const {
  if (now < side.next) return false;
  const std::int64_t apart = standing.price > wanted.price
                                 ? standing.price.units - wanted.price.units
                                 : wanted.price.units - standing.price.units;
  const bool far =
      Int128{apart} * Rate::one > Int128{wanted.price.units} * config_.maker_requote.ppb;
  const bool thin = standing.left.units < wanted.quantity.units / 2;
  return far || thin;
}

void Maker::status(const QuoteDesk& desk, std::vector<QuoteStatus>& out) const {
  for (const MakerSide& side : sides_) {
    QuoteStatus& status = out.emplace_back();
    status.on = side.on;
    status.hedge = side.hedge;
    status.side = side.side;
    status.refused = side.refused;
    status.wanted = {side.wanted.price, side.wanted.quantity};
    status.net = side.wanted.net;
    const StandingQuote standing = desk.standing(side.order);
    if (!standing.live) continue;
    status.order = side.order;
    status.standing = {standing.price, standing.left};
  }
}

}  // namespace ats::core
