#include "services/otlp.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/rng.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;

ordered_json attribute(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Eight bytes that no other span of the trace has, and that are not all zero.
std::string span_id(std::uint64_t trade, std::size_t span) {
  return fmt::format("{:016x}", (trade << 16U) + span + 1);
}

}  // namespace

std::string trace_id(std::uint64_t journal, std::uint64_t trade) {
  return fmt::format("{:016x}{:016x}", journal, trade);
}

bool is_sampled(std::uint64_t trade, std::uint32_t share) {
  return Rng(trade).below(1'000'000) < share;
}

std::string otlp_spans(std::uint64_t journal, std::uint64_t trade,
                       const std::vector<report::TraceSpan>& spans) {
  std::string out;
  for (std::size_t n = 0; n < spans.size(); ++n) {
    const report::TraceSpan& span = spans[n];
    constexpr int internal = 1, client = 3;  // SpanKind
    const bool to_venue = span.name == "venue";
    ordered_json one{{"traceId", trace_id(journal, trade)},
                     {"spanId", span_id(trade, n)},
                     {"parentSpanId", n == 0 ? std::string() : span_id(trade, span.parent)},
                     {"name", span.name},
                     {"kind", to_venue ? client : internal},
                     {"startTimeUnixNano", std::to_string(span.begin.ns_utc)},
                     {"endTimeUnixNano", std::to_string(span.end.ns_utc)},
                     {"attributes", ordered_json::array()},
                     {"events", ordered_json::array()},
                     {"status", ordered_json::object()}};
    for (const auto& [key, value] : span.attributes)
      one["attributes"].push_back(attribute(key, value));
    for (const report::TraceEvent& event : span.events) {
      one["events"].push_back(
          {{"timeUnixNano", std::to_string(event.at.ns_utc)}, {"name", event.name}});
    }
    constexpr int error = 2;  // StatusCode
    if (span.failed) one["status"]["code"] = error;
    if (n > 0) out += ',';
    out += dump(one);
  }
  return out;
}

std::string otlp_request(std::string_view service, std::string_view instance,
                         std::string_view version, const std::vector<std::string>& spans) {
  const ordered_json resource{
      {"attributes",
       {attribute("service.name", service), attribute("service.instance.id", instance),
        attribute("service.version", version)}}};
  std::string out = R"({"resourceSpans":[{"resource":)" + dump(resource) +
                    R"(,"scopeSpans":[{"scope":{"name":"ats"},"spans":[)";
  for (std::size_t n = 0; n < spans.size(); ++n) out += (n == 0 ? "" : ",") + spans[n];
  return out + "]}]}]}";
}

}  // namespace ats::services
