#include "services/frame_kind.hpp"

#include <simdjson.h>

namespace ats::services {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

std::string_view text(const object& fields, std::string_view key) {
  std::string_view value;
  return fields.at_key(key).get_string().get(value) == simdjson::SUCCESS ? value
                                                                         : std::string_view();
}

// The kind, with what follows the point where there is any.
std::string pointed(std::string_view kind, std::string_view detail) {
  std::string out(kind);
  if (!detail.empty()) out.append(".").append(detail);
  return out;
}

std::string kind_of_object(const object& fields) {
  // Binance's combined streams: btcusdt@depth@100ms, and !ticker@arr of all instruments.
  if (const auto stream = text(fields, "stream"); !stream.empty()) {
    const std::size_t at = stream.starts_with('!') ? std::string_view::npos : stream.find('@');
    return std::string(at == std::string_view::npos ? stream : stream.substr(at + 1));
  }
  if (const auto channel = text(fields, "channel");
      !channel.empty() && text(fields, "event").empty()) {
    // Coinbase Advanced Trade says the type inside, and of two channels it says nothing.
    array events;
    object first;
    if (fields.at_key("events").get_array().get(events) == simdjson::SUCCESS &&
        events.size() != 0 && events.at(0).get_object().get(first) == simdjson::SUCCESS)
      return pointed(channel, text(first, "type"));
    return pointed(channel, text(fields, "type"));
  }
  if (const auto method = text(fields, "method"); !method.empty()) {
    bool done = false;
    const bool told = fields.at_key("success").get_bool().get(done) == simdjson::SUCCESS;
    return pointed(method, !told ? "" : done ? "ack" : "refused");
  }
  for (const std::string_view key : {"event", "feed", "e", "type", "ty"}) {
    if (const auto kind = text(fields, key); !kind.empty()) return std::string(kind);
  }
  for (const std::string_view key : {"lastUpdateId", "error", "status"}) {
    if (fields.at_key(key).error() == simdjson::SUCCESS) return std::string(key);
  }
  return "object";
}

// Kraken v1: [channel, body, …, "book-1000", "XBT/USD"]. Bitfinex: [channel, "hb" | "te" | [...], …].
std::string kind_of_array(const array& items) {
  const std::size_t size = items.size();
  std::string_view name;
  std::string_view pair;
  if (size >= 4 && items.at(size - 2).get_string().get(name) == simdjson::SUCCESS &&
      items.at(size - 1).get_string().get(pair) == simdjson::SUCCESS) {
    if (!name.starts_with("book")) return std::string(name);
    object body;
    const bool whole = items.at(1).get_object().get(body) == simdjson::SUCCESS &&
                       (body.at_key("as").error() == simdjson::SUCCESS ||
                        body.at_key("bs").error() == simdjson::SUCCESS);
    return pointed(name, whole ? "snapshot" : "update");
  }
  if (size >= 2 && items.at(1).get_string().get(name) == simdjson::SUCCESS)
    return std::string(name);
  array body;
  if (size >= 2 && items.at(1).get_array().get(body) == simdjson::SUCCESS) {
    const bool whole = body.size() == 0 || body.at(0).is_array();
    return whole ? "snapshot" : "update";
  }
  object first;
  if (size >= 1 && items.at(0).get_object().get(first) == simdjson::SUCCESS) {
    const std::string inner = kind_of_object(first);
    return inner == "object" ? "array" : inner;
  }
  return "array";
}

}  // namespace

struct FrameKinds::State {
  simdjson::dom::parser parser;
};

FrameKinds::FrameKinds() : state_(std::make_unique<State>()) {}
FrameKinds::~FrameKinds() = default;

std::string FrameKinds::kind_of(std::string_view frame) {
  element root;
  if (state_->parser.parse(frame.data(), frame.size()).get(root) != simdjson::SUCCESS)
    return std::string(not_json);
  object fields;
  if (root.get_object().get(fields) == simdjson::SUCCESS) return kind_of_object(fields);
  array items;
  if (root.get_array().get(items) == simdjson::SUCCESS) return kind_of_array(items);
  return "value";
}

}  // namespace ats::services
