// Market events that happened once, in their order: what a backtest plays.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "domain/event.hpp"

namespace ats::services {

class EventFeed {
 public:
  virtual ~EventFeed() = default;
  virtual const Universe& universe() const = 0;
  // Brings the next record; false at the end. The error is one line a person can act on.
  virtual Result<bool, std::string> next() = 0;
  // Of the record that next() brought, ns since 1970; never before the last one's.
  virtual std::int64_t ns() const = 0;
  // Its events. Views in them live until the next call.
  virtual void deliver(EventSink& sink) = 0;
  // Whether the core's timer is among the events: nobody else may make one then.
  virtual bool brings_timers() const { return false; }
};

}  // namespace ats::services
