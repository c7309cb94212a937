// The shapes of the API's answers (docs/users.md): JSON, never kept by anything between, and one form of error.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "venues/http.hpp"

namespace ats::services {

struct ApiFailure;

HttpResponse json_answer(const nlohmann::json& body, int status = 200);

// The names of gRPC's status codes, each with the HTTP status it stands for.
enum class ApiError : std::uint8_t {
  InvalidArgument,     // 400
  Unauthenticated,     // 401
  PermissionDenied,    // 403
  NotFound,            // 404
  Unimplemented,       // 405
  AlreadyExists,       // 409
  FailedPrecondition,  // 409
  ResourceExhausted,   // 429
  Unavailable,         // 503
};
// {"error":{"code":"PERMISSION_DENIED","reason":"csrf","message":"…"}}; `reason` empty: none.
HttpResponse api_error(ApiError code, std::string_view message, std::string_view reason = {});
HttpResponse api_error(ApiError code, std::string_view message, std::string_view reason,
                       long retry_after_seconds);

// Of what a source said.
HttpResponse api_error(const ApiFailure& failure);

}  // namespace ats::services
