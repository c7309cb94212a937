// What the dashboard's API offers of the gRPC services: each method's path, whom it asks, and what a caller must be allowed.
// The server answers by this table and the OpenAPI document is made of it, so that neither can say what the other does not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "security/permission.hpp"
#include "services/api_json.hpp"

namespace ats::services {

// Who answers: an engine; whoever keeps the limits (the risk role, where there is one); the notifier.
enum class AskedAt : std::uint8_t { Engine, Risk, Notifier };

// What is written down beside an act: what was there before it.
enum class Before : std::uint8_t { Nothing, Holds, Limit };

struct ApiMethod {
  std::string_view verb;  // "GET": looks; others act
  std::string_view
      path;  // "/api/v1/alerts/{number}/acknowledge"; the part in braces is a field of the request
  std::string_view rpc;  // "ats.v1.Risk.AcknowledgeAlert"
  AskedAt at = AskedAt::Engine;
  security::Permission permission = security::Permission::View;
  std::string_view summary;
  Before before = Before::Nothing;
  // An answer that is younger is given again, and whoever asks meanwhile gets the same: many pages cost an engine as
  // much as one.
  Duration fresh = milliseconds(200);
  // A file in pieces, given as it is: which of the request's `file` it is. Empty: the answer is a message.
  std::string_view file = {};
  bool acts() const { return verb != "GET"; }
};

std::span<const ApiMethod> api_methods();

struct ApiMatch {
  const ApiMethod* method = nullptr;  // null: there is no such path; or not with that verb
  ApiParameters fields;               // of the path
  std::string allowed;                // the verbs that there are at that path
};
// `path` without its query.
ApiMatch find_api_method(std::string_view verb, std::string_view path);

// A topic of the stream: what is asked for again and again while somebody watches it.
struct ApiTopic {
  std::string_view name;
  std::string_view rpc;
  AskedAt at = AskedAt::Engine;
  ApiParameters query;
  RowRule rule;
  Duration every;
};
std::span<const ApiTopic> api_topics();
// Also "ladder/kraken/BTC/USDT". Nothing: there is no such topic.
std::optional<ApiTopic> find_api_topic(std::string_view name);

// The OpenAPI 3.1 document, in JSON.
std::string openapi_document(std::string_view version);

}  // namespace ats::services
