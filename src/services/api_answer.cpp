#include "services/api_answer.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "services/api_source.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

std::pair<int, const char*> told(ApiError code) {
  switch (code) {
    case ApiError::InvalidArgument:
      return {400, "INVALID_ARGUMENT"};
    case ApiError::Unauthenticated:
      return {401, "UNAUTHENTICATED"};
    case ApiError::PermissionDenied:
      return {403, "PERMISSION_DENIED"};
    case ApiError::NotFound:
      return {404, "NOT_FOUND"};
    case ApiError::Unimplemented:
      return {405, "UNIMPLEMENTED"};
    case ApiError::AlreadyExists:
      return {409, "ALREADY_EXISTS"};
    case ApiError::FailedPrecondition:
      return {409, "FAILED_PRECONDITION"};
    case ApiError::ResourceExhausted:
      return {429, "RESOURCE_EXHAUSTED"};
    case ApiError::Unavailable:
      return {503, "UNAVAILABLE"};
  }
  return {500, "INTERNAL"};
}

json error_of(ApiError code, std::string_view message, std::string_view reason) {
  json error{{"code", told(code).second}, {"message", message}};
  if (!reason.empty()) error["reason"] = reason;
  return error;
}

}  // namespace

HttpResponse json_answer(const json& body, int status) {
  return {status,
          {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

HttpResponse api_error(ApiError code, std::string_view message, std::string_view reason) {
  return json_answer({{"error", error_of(code, message, reason)}}, told(code).first);
}

HttpResponse api_error(ApiError code, std::string_view message, std::string_view reason,
                       long retry_after_seconds) {
  json error = error_of(code, message, reason);
  error["retryAfterSeconds"] = retry_after_seconds;
  HttpResponse answer = json_answer({{"error", std::move(error)}}, told(code).first);
  answer.headers.push_back({"Retry-After", std::to_string(retry_after_seconds)});
  return answer;
}

HttpResponse api_error(const ApiFailure& failure) {
  return json_answer({{"error", {{"code", failure.code}, {"message", failure.message}}}},
                     failure.status);
}

}  // namespace ats::services
