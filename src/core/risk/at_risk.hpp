// The value at risk as a limit goes by it: asked for at intervals while there is such a limit, measured outside of the
// core (event RiskMeasured), and believed for so long since it was asked for. An answer without a figure is the word
// that it is not known now. State like any other but for the times: those of an earlier process mean nothing in this
// one, so a new life begins without.
#pragma once

#include <cstdint>
#include <optional>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "domain/config.hpp"
#include "domain/event.hpp"

namespace ats::core {

class AtRisk {
 public:
  enum class News : std::uint8_t {
    None,
    Missed,  // not known for as long as it may be old
    Back,    // known again, or nobody asks any more
  };

  void restart(const CoreConfig& config, Instant now);
  bool due(Instant now) const { return now >= ask_at_; }
  void asked(Instant now);
  // False: it answers nothing that this life asked, or is older than what is held.
  bool take(const RiskMeasured& measured, Instant now);
  // At every Timer; `wanted`: there is a limit on it.
  News watch(bool wanted, Instant now);

  std::optional<Decimal> value(Instant now) const;
  std::uint64_t number() const { return number_; }  // of answers that were taken
  MeasureFault fault() const { return last_.fault; }

 private:
  Duration every_{}, max_age_{};
  Instant born_;
  Instant ask_at_;
  Instant last_asked_;
  RiskMeasured last_;
  std::uint64_t number_ = 0;
  std::optional<Instant> missing_since_;
  bool told_ = false;
};

}  // namespace ats::core
