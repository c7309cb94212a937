// An engine in trading state over the five venues of frames.hpp: started, connected, balances told, books
// Valid. What benchmarks of the whole path start from.
#pragma once

#include <memory>

#include "core/engine.hpp"
#include "frames.hpp"

namespace ats::bench {

class TradingEngine final : public EventSink {
 public:
  TradingEngine(const FiveVenues& venues, const MarketFrames& market, const CoreConfig& config);

  // Market data, in the engine's time; what it wants done is in actions() until clear_actions().
  void on(const Event& event) override { engine_.on(event, now_, actions_); }
  const Actions& actions() const { return actions_; }
  void clear_actions() { actions_.clear(); }

  Instant now() const { return now_; }
  void pass(Duration time) { now_ = now_ + time; }
  // The duty cycle; its actions are carried out.
  void timer();
  // Balances are told as often as the engine asks; effects on orders are left alone.
  void answer_questions();

  core::Engine& engine() { return engine_; }
  // Folds what the engine holds of its books into a checksum.
  std::uint64_t fold_books(std::uint64_t digest) const;

 private:
  void tell_balances(VenueId venue);

  const FiveVenues& venues_;
  core::Engine engine_;
  Actions actions_;
  Instant now_{1'000'000'000};
  WallTime wall_ = wall_from_ms(1'723'161'255'208);
};

}  // namespace ats::bench
