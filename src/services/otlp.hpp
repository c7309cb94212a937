// Traces in OTLP, the protocol of OpenTelemetry, in its JSON form over HTTP (opentelemetry.io/docs/specs/otlp). Pure.
//
// A trade's trace has an id that follows from its journal and its number, so that whoever has a log line of the trade has its trace:
// sixteen hex digits of when the journal was begun (ms since 1970), sixteen of the trade's number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/trade_trace.hpp"

namespace ats::services {

std::string trace_id(std::uint64_t journal, std::uint64_t trade);

// Whether a trade is among those that are told of: the same for everybody who asks, `share` of all in millionths.
bool is_sampled(std::uint64_t trade, std::uint32_t share);

// One trace: its spans, an element each, commas between.
std::string otlp_spans(std::uint64_t journal, std::uint64_t trade,
                       const std::vector<report::TraceSpan>& spans);
// The body of a request to /v1/traces. `spans`: of one trace or more, as above.
std::string otlp_request(std::string_view service, std::string_view instance,
                         std::string_view version, const std::vector<std::string>& spans);

}  // namespace ats::services
