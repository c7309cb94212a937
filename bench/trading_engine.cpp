#include "trading_engine.hpp"

#include <cstdio>
#include <cstdlib>

#include "harness.hpp"

namespace ats::bench {

TradingEngine::TradingEngine(const FiveVenues& venues, const MarketFrames& market,
                             const CoreConfig& config)
    : venues_(venues) {
  actions_.reserve(256);
  on(Started{1, wall_, &venues.universe, &config});
  timer();
  for (const VenueKind venue : all_venues) {
    on(ConnectionUp{venues.venue[venue], Channel::MarketData});
    on(ConnectionUp{venues.venue[venue], Channel::Trading});
    answer_questions();
  }
  for (const VenueKind venue : all_venues) {
    const auto decoder = make_decoder(venues.universe, venues.venue[venue]);
    const FrameSet& opening = market.opening[venue];
    for (std::size_t i = 0; i < opening.size(); ++i) decoder->on_frame(opening[i], now_, *this);
  }
  make_decoder(venues.universe, venues.venue[VenueKind::Binance])
      ->on_depth_body(venues.instrument[VenueKind::Binance], market.binance_body, now_, *this);
  answer_questions();
  for (int n = 0; n < 10; ++n) timer();
  CoreStatus status;
  engine_.status(status);
  bool ready = status.reconciled && status.halts.empty();
  for (const BookStatus& book : status.books) ready = ready && book.state == BookState::Valid;
  if (!ready) {
    std::fputs("ats_bench: the engine is not ready to trade\n", stderr);
    std::abort();
  }
}

void TradingEngine::timer() {
  pass(milliseconds(100));
  wall_ = wall_ + milliseconds(100);
  on(Timer{wall_});
  answer_questions();
}

void TradingEngine::answer_questions() {
  // What the answers lead to is asked and answered in turn.
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    if (const auto* ask = std::get_if<QueryBalances>(&actions_[i])) tell_balances(ask->venue);
  }
  actions_.clear();
}

void TradingEngine::tell_balances(VenueId venue) {
  const Times times{wall_, now_};
  for (std::size_t n = 0; n < venues_.universe.assets().size(); ++n) {
    const AssetId asset{static_cast<AssetId::rep>(n)};
    const bool base = venues_.universe.asset(asset).name == "BTC";
    on(BalanceReported{venue, asset, Decimal::from_int(base ? 10 : 1'000'000), {}, times});
  }
  on(BalancesComplete{venue, times, times.recv_time});
}

std::uint64_t TradingEngine::fold_books(std::uint64_t digest) const {
  CoreStatus status;
  engine_.status(status);
  for (const BookStatus& book : status.books) {
    for (const Level& level : {book.bid, book.ask}) {
      digest = mix(digest, static_cast<std::uint64_t>(level.price.units));
      digest = mix(digest, static_cast<std::uint64_t>(level.quantity.units));
    }
    digest = mix(digest, book.deltas + book.checksums_right);
    digest = mix(digest, static_cast<std::uint64_t>(book.state));
  }
  return digest;
}

}  // namespace ats::bench
