// An engine as those see it who watch it over gRPC (proto/ats/v1/engine.proto). One thread, the core's.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "domain/ids.hpp"
#include "domain/number.hpp"
#include "services/event_tape.hpp"
#include "services/live_view.hpp"

namespace ats::services {

class EngineSource {
 public:
  virtual void view(LiveView& out) const = 0;
  // Of a Valid book, best first; of another none.
  virtual std::size_t levels(InstrumentId book, Side side, std::span<Level> out) const = 0;
  virtual const EventTape& tape() const = 0;
  virtual std::string_view reporting() const = 0;  // the asset that profits are in
  // The effective configuration. It has no secret in it.
  virtual std::string configuration() const = 0;
  virtual std::filesystem::path journal() const = 0;

 protected:
  ~EngineSource() = default;
};

}  // namespace ats::services
