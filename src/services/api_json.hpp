// The messages of proto/ats/v1 as the dashboard's API has them: the JSON form of proto3, so that there is one schema. Requests
// come from a path, a query and a body; answers go out whole, or row by row for those who watch.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "services/api_source.hpp"
#include "services/replica.hpp"

namespace ats::services {

using ApiParameters = std::vector<std::pair<std::string, std::string>>;

// Empty messages of what a method is asked and answers.
ApiMessage api_request_of(std::string_view method);
ApiMessage api_answer_of(std::string_view method);

// Of "a=1&b=x%20y". Nothing: it is not properly encoded.
Result<ApiParameters, std::string> parse_query(std::string_view query);

// A request without a body. The error says which parameter is wrong.
Result<ApiMessage, std::string> request_of_query(std::string_view method,
                                                 const ApiParameters& parameters);

// Who acts: put into the request's `caller`, whatever the body says there but for the reason.
struct ApiCaller {
  std::string who;
  std::string request_id;
};
// `fields`: those that the path gives. An empty body is an empty message.
Result<ApiMessage, std::string> request_of_body(std::string_view method, std::string_view body,
                                                const ApiParameters& fields,
                                                const ApiCaller& caller);

// One line.
std::string json_of(const google::protobuf::Message& message);

// A text, or bytes, of a message: its field `name`.
std::string text_of(const google::protobuf::Message& message, const char* name);

// The rows of an answer: the messages of its repeated field `rows` (empty: the answer itself is the one row, of key
// `keys[0]`), by the fields `keys` (names as in the proto file; "legs" is spelled out), spaces between. `running`: durations in it that
// run on by themselves.
struct RowRule {
  std::string rows;
  std::vector<std::string> keys;
  std::vector<std::string> running;
};
std::vector<ReadRow> rows_of(const google::protobuf::Message& answer, const RowRule& rule);
// The same row in JSON.
std::string row_json(const google::protobuf::Message& answer, const RowRule& rule, std::size_t row);

}  // namespace ats::services
