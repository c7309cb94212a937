// The OpenAPI document, made of the table of methods and of the messages' descriptors.
#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/assert.hpp"
#include "services/access.hpp"
#include "services/api_table.hpp"

namespace ats::services {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::ordered_json;

class Document {
 public:
  explicit Document(std::string_view version) {
    out_["openapi"] = "3.1.0";
    out_["info"] = {{"title", "ATS"},
                    {"version", version},
                    {"description",
                     "Everything the dashboard does. Bodies and answers are the proto3 JSON form "
                     "of proto/ats/v1: amounts are decimal "
                     "strings, 64-bit integers are strings. Sign in with POST /api/v1/session, or "
                     "send an API token as Bearer. What "
                     "is no GET and comes with the cookie needs the header X-CSRF-Token. "
                     "x-ats-permission says what a caller must be "
                     "allowed."}};
    out_["paths"] = ordered_json::object();
    for (const ApiMethod& method : api_methods()) add(method);
    for (const AccessEndpoint& endpoint : Access::endpoints()) add(endpoint);
    add_own("/api/v1/system", "Version, and which services answer");
    add_own("/api/v1/equity", "Equity and profit over time, oldest first");
    add_own("/api/v1/stream", "A WebSocket: topics as snapshot and numbered updates");
    schemas_["Error"] = {
        {"type", "object"},
        {"required", {"error"}},
        {"properties",
         {{"error",
           {{"type", "object"},
            {"required", {"code", "message"}},
            {"properties",
             {{"code", {{"type", "string"}}},
              {"reason", {{"type", "string"}}},
              {"message",
               {{"type", "string"}, {"description", "one line, says what to do"}}}}}}}}}};
    out_["components"] = {
        {"schemas", schemas_},
        {"securitySchemes",
         {{"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "__Host-ats"}}},
          {"token", {{"type", "http"}, {"scheme", "bearer"}}}}}};
    out_["security"] = ordered_json::array(
        {{{"session", ordered_json::array()}}, {{"token", ordered_json::array()}}});
  }

  std::string text() const { return out_.dump(); }

 private:
  static ordered_json reference(const std::string& name) {
    return {{"$ref", "#/components/schemas/" + name}};
  }
  static ordered_json content(ordered_json schema) {
    return {{"application/json", {{"schema", std::move(schema)}}}};
  }
  static ordered_json responses(ordered_json good) {
    return {{"200", {{"description", "done"}, {"content", content(std::move(good))}}},
            {"default", {{"description", "not done"}, {"content", content(reference("Error"))}}}};
  }
  static std::string lower(std::string_view verb) {
    std::string out(verb);
    for (char& c : out) c = static_cast<char>(c - 'A' + 'a');
    return out;
  }

  void add(const ApiMethod& method) {
    ATS_ASSERT(api_request_of(method.rpc) != nullptr);  // it is known
    const auto* rpc = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
        std::string(method.rpc));
    const Descriptor& input = *rpc->input_type();
    ordered_json parameters = ordered_json::array();
    std::set<std::string> in_path;
    for (int n = 0; n < input.field_count(); ++n) {
      const FieldDescriptor& field = *input.field(n);
      const bool of_path = method.path.find("{" + field.name() + "}") != std::string_view::npos;
      const bool plain =
          !field.is_repeated() && field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
      if (!of_path && (method.acts() || !plain)) continue;
      if (of_path) in_path.insert(field.name());
      parameters.push_back({{"name", of_path ? field.name() : field.json_name()},
                            {"in", of_path ? "path" : "query"},
                            {"required", of_path},
                            {"schema", single(field)}});
    }
    parameters.push_back({{"name", "engine"},
                          {"in", "query"},
                          {"required", false},
                          {"description", "which of several; none: the first"},
                          {"schema", {{"type", "string"}}}});
    if (method.acts()) {
      parameters.push_back({{"name", "Idempotency-Key"},
                            {"in", "header"},
                            {"required", false},
                            {"description", "the same again within ten minutes acts once"},
                            {"schema", {{"type", "string"}, {"maxLength", 64}}}});
    }
    ordered_json operation{
        {"operationId", fmt::format("{}.{}{}", rpc->service()->name(), rpc->name(), method.file)},
        {"summary", method.summary},
        {"x-ats-rpc", method.rpc},
        {"x-ats-permission", security::name(method.permission)},
        {"parameters", std::move(parameters)},
        {"responses", responses(message(*rpc->output_type()))}};
    if (!method.file.empty()) {
      operation["responses"]["200"] = {{"description", "the file"},
                                       {"content", {{"*/*", ordered_json::object()}}}};
    }
    if (method.acts()) {
      operation["requestBody"] = {{"required", true}, {"content", content(message(input))}};
      if (method.before != Before::Nothing) {
        operation["responses"]["202"] = {
            {"description", "it waits for a second person (access.four_eyes)"}};
      }
    }
    out_["paths"][std::string(method.path)][lower(method.verb)] = std::move(operation);
  }

  void add(const AccessEndpoint& endpoint) {
    ordered_json parameters = ordered_json::array();
    std::string path = endpoint.path;
    if (const std::size_t star = path.find('*'); star != path.npos) {
      path.replace(star, 1, "{id}");
      parameters.push_back(
          {{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
    }
    ordered_json operation{{"summary", endpoint.method + " " + endpoint.path},
                           {"x-ats-permission", endpoint.needs},
                           {"parameters", std::move(parameters)},
                           {"responses", responses({{"type", "object"}})}};
    if (endpoint.method != "GET" && endpoint.method != "DELETE")
      operation["requestBody"] = {{"content", content({{"type", "object"}})}};
    out_["paths"][path][lower(endpoint.method)] = std::move(operation);
  }

  void add_own(const char* path, const char* summary) {
    out_["paths"][path]["get"] = {{"summary", summary},
                                  {"x-ats-permission", "view"},
                                  {"responses", responses({{"type", "object"}})}};
  }

  // The schema of a message, kept by its name.
  ordered_json message(const Descriptor& type) {
    if (type.full_name() == "google.protobuf.Timestamp")
      return {{"type", "string"}, {"format", "date-time"}};
    if (type.full_name() == "google.protobuf.Duration")
      return {{"type", "string"}, {"pattern", R"(^-?\d+(\.\d+)?s$)"}};
    const std::string prefix = "ats.v1.";
    std::string name = type.full_name();
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
    if (!schemas_.contains(name)) {
      schemas_[name] = nullptr;  // it may hold itself
      ordered_json properties = ordered_json::object();
      for (int n = 0; n < type.field_count(); ++n) {
        const FieldDescriptor& field = *type.field(n);
        if (field.is_map()) {
          properties[field.json_name()] = {
              {"type", "object"},
              {"additionalProperties", single(*field.message_type()->map_value())}};
          continue;
        }
        ordered_json one = single(field);
        properties[field.json_name()] =
            field.is_repeated() ? ordered_json{{"type", "array"}, {"items", std::move(one)}}
                                : std::move(one);
      }
      schemas_[name] = {{"type", "object"}, {"properties", std::move(properties)}};
    }
    return reference(name);
  }

  ordered_json single(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return {{"type", "boolean"}};
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_UINT32:
        return {{"type", "integer"}};
      case FieldDescriptor::CPPTYPE_INT64:
      case FieldDescriptor::CPPTYPE_UINT64:
        return {{"type", "string"}, {"pattern", R"(^-?\d+$)"}};
      case FieldDescriptor::CPPTYPE_ENUM: {
        ordered_json names = ordered_json::array();
        const EnumDescriptor& type = *field.enum_type();
        for (int n = 0; n < type.value_count(); ++n) names.push_back(type.value(n)->name());
        return {{"type", "string"}, {"enum", std::move(names)}};
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return message(*field.message_type());
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return {{"type", "number"}};
      default:
        return {{"type", "string"}};
    }
  }

  ordered_json out_;
  ordered_json schemas_ = ordered_json::object();
};

}  // namespace

std::string openapi_document(std::string_view version) { return Document(version).text(); }

}  // namespace ats::services
