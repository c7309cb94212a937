// The other traders: one seeded market over all simulated venues. Each pair has one latent mid, each
// venue follows it with a lag and its own noise, and the house's orders follow the venue's fair value.
//
//   latent mid    diffusion whose volatility bursts (two regimes), shared by the venues of a pair
//   venue fair    the latent mid, smoothed over the venue's lag, times 1 + basis + dislocation
//   basis         small, reverts to zero within seconds: what real venues show
//   dislocation   rare and large, dies within seconds: where edges above fees come from. Far more
//                 frequent than in life, or a simulation would hardly ever trade (docs/simulation.md)
//   book          `levels` prices a side around the fair value; sizes and gaps lognormal; each event
//                 moves the touch to the fair value and resizes one level, each trade event takes
//   bursts        events and trades come faster while the volatility is high
//
// Figures come from recorded books: docs/simulation.md. Floating point is for the model of what others
// want; prices and quantities enter the exchange as integers on its grid.
#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "domain/instrument.hpp"
#include "sim/exchange.hpp"

namespace ats::sim {

struct PairModel {
  PairId pair;
  double start_mid = 100;        // in the quote asset
  double volatility_bps = 0.76;  // of the mid in one second, calm
  double burst_volatility = 5;   // times that in a burst
  double burst_activity = 6;     // events per second in a burst over calm
  Duration calm_mean = seconds(38);
  Duration burst_mean = seconds(2);
};

struct VenueModel {
  InstrumentId instrument;
  Duration lag = milliseconds(20);  // behind the latent mid
  double basis_bps = 0.5;           // standard deviation
  Duration basis_life = milliseconds(1500);
  Duration dislocation_every = seconds(60);  // on average; zero = never
  double dislocation_bps = 35;               // mean size
  Duration dislocation_life = milliseconds(1500);
  double spread_bps = 0.3;  // mean; never below one tick
  double touch_size = 2;    // base asset: median quantity at the best price
  double level_size = 0.5;  // base asset: median quantity of the others
  double size_sigma = 1.2;
  double gap_bps = 0.6;      // mean distance of neighbouring levels; at least one tick
  double book_events = 5;    // per second, calm
  double trades = 1;         // per second, calm
  double trade_size = 0.01;  // base asset: median
  double trade_sigma = 1.8;
};

struct MarketConfig {
  std::vector<PairModel> pairs;
  std::vector<VenueModel> venues;
  std::uint16_t levels = 24;  // a side
};

// Models for every instrument of the universe, from the calibrated figures. `activity` multiplies the
// rates of events and trades; `edges` the frequency of dislocations (0 = none).
MarketConfig calibrated_market(const Universe& universe, double activity = 1, double edges = 1);

class Market {
 public:
  // Fills the books of the exchanges, which must know the time and outlive it. Each instrument of the
  // config belongs to one of them.
  Market(const MarketConfig& config, std::vector<Exchange*> exchanges, std::uint64_t seed,
         Instant start);

  // When and where something happens next. The owner sets that exchange's time to next(), then calls
  // step().
  Instant next() const { return flows_[next_].next; }
  Exchange& next_exchange() const { return *flows_[next_].exchange; }
  // Lets it happen and publishes the book once.
  void step();

  // For statistics: the fair value at the venue and the latent mid behind it, in the quote asset.
  double fair_value(InstrumentId instrument) const;
  double latent_mid(PairId pair) const;
  std::uint64_t steps() const { return steps_; }

 private:
  static constexpr auto none = static_cast<std::size_t>(-1);
  struct Latent {
    PairModel model;
    double mid = 0;
    Instant at{};
    bool bursting = false;
    Instant regime_ends{};
    // The same base in another currency moves as the first one and as the currencies do.
    std::size_t lead = none;
    std::size_t conversion = none;
    bool converts_back = false;  // the conversion's base is this pair's quote
  };
  // What moves one instrument.
  struct Flow {
    VenueModel model;
    Exchange* exchange = nullptr;
    const Instrument* instrument = nullptr;
    std::size_t latent = 0;
    Rng rng{0};
    Instant at{};
    Instant next{};
    Instant next_book{};
    Instant next_trade{};
    Instant next_dislocation{};
    double follows = 0;  // the latent mid, smoothed
    double basis = 0;
    double dislocation = 0;
    std::int64_t step = 1;  // the tick at the present price, in Price units
    double tick = 0;        // the same in the quote asset
    double lot = 0;         // in the base asset
  };

  void lead_currencies(const Universe& universe);
  void advance(Latent& latent, Instant now);
  void advance(Flow& flow, Instant now);
  double fair(const Flow& flow) const { return flow.follows * (1 + flow.basis + flow.dislocation); }
  void take_step(Flow& flow);
  void choose_next();
  void book_event(Flow& flow);
  void trade_event(Flow& flow);
  void fill_side(Flow& flow, Side side, std::int64_t touch);
  void clear_beyond(Flow& flow, Side side, std::int64_t touch);
  void resize_level(Flow& flow);
  Quantity draw_size(Flow& flow, double median, double sigma);  // statistics
  std::int64_t draw_gap(Flow& flow);

  MarketConfig config_;
  Rng rng_;
  std::vector<Latent> latents_;
  std::vector<Flow> flows_;
  std::size_t next_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace ats::sim
