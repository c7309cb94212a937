// What goes over the bus, as messages of ats.v1 (proto/ats/v1/bus.proto) and back for people. Only its source sees protobuf.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "domain/status.hpp"
#include "report/alert_desk.hpp"
#include "report/notice.hpp"

namespace ats::services {

// Who tells, and which of its messages it is.
struct BusHead {
  std::string_view source;
  std::uint64_t journal = 0;
  std::uint32_t life = 0;
  std::uint64_t number = 0;
  WallTime at;
};

std::string bus_message(const BusHead& head, const BookStatus& book, const Universe& universe);
// `ours`: not of an order of somebody else.
std::string bus_message(const BusHead& head, const Fill& fill, bool ours, const Universe& universe);
std::string bus_message(const BusHead& head, const ExecutionResolved& execution,
                        const Universe& universe);

// What became of an alert, with what the telling itself does not say.
struct BusAlertTold {
  const report::Telling* telling = nullptr;
  Scope scope = {};
  std::string_view subject = {};
  bool open = false;
};
std::string bus_message(const BusHead& head, const BusAlertTold& told, const Universe& universe);

// "ats.v1.quote.kraken.BTC/USDT"; an invalid one is "all".
std::string bus_channel(std::string_view stream, VenueId venue, PairId pair,
                        const Universe& universe);

struct BusRead {
  std::string source;
  std::uint64_t journal = 0, number = 0;
  std::uint32_t life = 0;
  std::string json;  // one line
};
// Nothing: it is no message of ours.
std::optional<BusRead> read_bus_message(std::string_view bytes);

// Nothing: it is none, or says nothing of an alert.
std::optional<report::Notice> read_notice(std::string_view bytes);

}  // namespace ats::services
