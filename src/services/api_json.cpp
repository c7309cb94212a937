#include "services/api_json.hpp"

#include <ats/v1/backtest.pb.h>
#include <ats/v1/engine.pb.h>
#include <ats/v1/notification.pb.h>
#include <ats/v1/risk.pb.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/assert.hpp"
#include "venues/percent.hpp"

namespace ats::services {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::json;

const google::protobuf::MethodDescriptor& method_of(std::string_view name) {
  // A generated file tells of itself only where something of it is used.
  static const bool told = v1::GetEngineRequest::descriptor() != nullptr &&
                           v1::GetStatusRequest::descriptor() != nullptr &&
                           v1::GetBacktestRequest::descriptor() != nullptr &&
                           v1::GetNotifierRequest::descriptor() != nullptr;
  ATS_ASSERT(told);
  const auto* method =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(std::string(name));
  ATS_ASSERT(method != nullptr);
  return *method;
}

ApiMessage make(const Descriptor& type) {
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
  ATS_ASSERT(prototype != nullptr);
  return ApiMessage(prototype->New());
}

const FieldDescriptor* field_of(const Descriptor& type, const std::string& name) {
  const FieldDescriptor* field = type.FindFieldByCamelcaseName(name);
  if (field == nullptr) field = type.FindFieldByName(name);
  return field;
}

// One parameter as the JSON of its field.
Status<std::string> put(json& out, const Descriptor& type, const std::string& name,
                        const std::string& value) {
  const FieldDescriptor* field = field_of(type, name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    std::vector<std::string_view> known;
    for (int n = 0; n < type.field_count(); ++n) {
      const FieldDescriptor* f = type.field(n);
      if (!f->is_repeated() && f->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
        known.push_back(f->json_name());
    }
    return fail(known.empty() ? fmt::format("'{}': it takes no parameter", name)
                              : fmt::format("'{}': no such parameter; it takes {}", name,
                                            fmt::join(known, ", ")));
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    if (value != "true" && value != "false")
      return fail(fmt::format("{}: expected true or false, not '{}'", name, value));
    out[field->json_name()] = value == "true";
  } else {
    out[field->json_name()] = value;  // numbers and enums are read from strings as well
  }
  return Done{};
}

Result<ApiMessage, std::string> parse(const Descriptor& type, const json& fields) {
  ApiMessage message = make(type);
  const auto status = google::protobuf::util::JsonStringToMessage(
      fields.dump(-1, ' ', false, json::error_handler_t::replace), message.get());
  if (!status.ok()) return fail(std::string(status.message()));
  return message;
}

std::string text_of(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      // All its texts, in order.
      const Message& inner = reflection.GetMessage(message, &field);
      std::vector<std::string> texts;
      for (int n = 0; n < inner.GetDescriptor()->field_count(); ++n) {
        const FieldDescriptor* f = inner.GetDescriptor()->field(n);
        if (f->is_repeated() || f->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) continue;
        if (std::string text = text_of(inner, *f); !text.empty()) texts.push_back(std::move(text));
      }
      return fmt::format("{}", fmt::join(texts, ":"));
    }
    default:
      ATS_ASSERT(!"no key");
  }
  return {};
}

std::string key_of(const Message& row, const std::vector<std::string>& keys) {
  std::vector<std::string> parts;
  for (const std::string& name : keys) {
    const FieldDescriptor* field = row.GetDescriptor()->FindFieldByName(name);
    ATS_ASSERT(field != nullptr);
    if (!field->is_repeated()) {
      parts.push_back(text_of(row, *field));
      continue;
    }
    const Reflection& reflection = *row.GetReflection();
    for (int n = 0; n < reflection.FieldSize(row, field); ++n) {
      const Message& item = reflection.GetRepeatedMessage(row, field, n);
      std::vector<std::string> texts;
      texts.reserve(static_cast<std::size_t>(item.GetDescriptor()->field_count()));
      for (int f = 0; f < item.GetDescriptor()->field_count(); ++f)
        texts.push_back(text_of(item, *item.GetDescriptor()->field(f)));
      parts.push_back(fmt::format("{}", fmt::join(texts, ":")));
    }
  }
  return fmt::format("{}", fmt::join(parts, " "));
}

// Takes the running durations out of `row`.
std::vector<std::int64_t> take_running(Message& row, const std::vector<std::string>& names) {
  std::vector<std::int64_t> out;
  for (const std::string& name : names) {
    const FieldDescriptor* field = row.GetDescriptor()->FindFieldByName(name);
    ATS_ASSERT(field != nullptr);
    const Reflection& reflection = *row.GetReflection();
    if (!reflection.HasField(row, field)) continue;  // `out` is shorter: that is news
    const auto& duration =
        static_cast<const google::protobuf::Duration&>(reflection.GetMessage(row, field));
    out.push_back(duration.seconds() * 1'000'000'000 + duration.nanos());
    reflection.ClearField(&row, field);
  }
  return out;
}

// Equal where the messages are, also of those with maps.
std::string bytes_of(const Message& message) {
  std::string out;
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return out;
}

const Message& row_of(const Message& answer, const RowRule& rule, std::size_t row) {
  if (rule.rows.empty()) return answer;
  const FieldDescriptor* field = answer.GetDescriptor()->FindFieldByName(rule.rows);
  ATS_ASSERT(field != nullptr);
  return answer.GetReflection()->GetRepeatedMessage(answer, field, static_cast<int>(row));
}

}  // namespace

ApiMessage api_request_of(std::string_view method) { return make(*method_of(method).input_type()); }
ApiMessage api_answer_of(std::string_view method) { return make(*method_of(method).output_type()); }

Result<ApiParameters, std::string> parse_query(std::string_view query) {
  ApiParameters out;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const std::size_t sign = std::min(part.find('='), part.size());
    auto name = venues::percent_decoded(part.substr(0, sign), true);
    auto value = venues::percent_decoded(part.substr(std::min(sign + 1, part.size())), true);
    if (!name || !value) return fail(fmt::format("'{}' is not percent-encoded", part));
    out.emplace_back(*std::move(name), *std::move(value));
  }
  return out;
}

Result<ApiMessage, std::string> request_of_query(std::string_view method,
                                                 const ApiParameters& parameters) {
  const Descriptor& type = *method_of(method).input_type();
  json fields = json::object();
  for (const auto& [name, value] : parameters) {
    if (auto good = put(fields, type, name, value); !good) return fail(good.error());
  }
  return parse(type, fields);
}

Result<ApiMessage, std::string> request_of_body(std::string_view method, std::string_view body,
                                                const ApiParameters& path,
                                                const ApiCaller& caller) {
  const Descriptor& type = *method_of(method).input_type();
  json fields = body.empty() ? json::object() : json::parse(body, nullptr, false);
  if (!fields.is_object()) return fail(std::string("the body is not a JSON object"));
  for (const auto& [name, value] : path) {
    if (auto good = put(fields, type, name, value); !good) return fail(good.error());
  }
  if (type.FindFieldByName("caller") != nullptr) {
    json by{{"who", caller.who}, {"requestId", caller.request_id}};
    if (const auto given = fields.find("caller"); given != fields.end() && given->is_object()) {
      if (const auto reason = given->find("reason"); reason != given->end()) by["reason"] = *reason;
    }
    fields["caller"] = std::move(by);
  }
  return parse(type, fields);
}

std::string json_of(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string out;
  // Only a text that is no UTF-8 cannot be written, and such a message is refused where it is read.
  ATS_ASSERT(google::protobuf::util::MessageToJsonString(message, &out, options).ok());
  return out;
}

std::string text_of(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  ATS_ASSERT(field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING);
  return message.GetReflection()->GetString(message, field);
}

std::vector<ReadRow> rows_of(const Message& answer, const RowRule& rule) {
  std::vector<ReadRow> out;
  std::size_t count = 1;
  if (!rule.rows.empty()) {
    const FieldDescriptor* field = answer.GetDescriptor()->FindFieldByName(rule.rows);
    ATS_ASSERT(field != nullptr);
    count = static_cast<std::size_t>(answer.GetReflection()->FieldSize(answer, field));
  }
  out.reserve(count);
  for (std::size_t n = 0; n < count; ++n) {
    const Message& row = row_of(answer, rule, n);
    ReadRow& read = out.emplace_back();
    read.key = rule.rows.empty() ? rule.keys.at(0) : key_of(row, rule.keys);
    if (rule.running.empty()) {
      read.identity = bytes_of(row);
      continue;
    }
    const std::unique_ptr<Message> copy(row.New());
    copy->CopyFrom(row);
    read.running = take_running(*copy, rule.running);
    read.identity = bytes_of(*copy);
  }
  return out;
}

std::string row_json(const Message& answer, const RowRule& rule, std::size_t row) {
  return json_of(row_of(answer, rule, row));
}

}  // namespace ats::services
