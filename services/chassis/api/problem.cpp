#include "services/chassis/api/problem.hpp"

#include <algorithm>
#include <array>

#include "base/json.hpp"

namespace chassis {
namespace {

using base::ErrorCode;

struct ProblemKind {
  int status;
  std::string_view name;  // last part of the type
  std::string_view title;
};

constexpr std::array kinds{
    ProblemKind{400, "malformed-request", "The request cannot be read"},
    ProblemKind{403, "permission-denied", "Not allowed"},
    ProblemKind{404, "not-found", "There is no such resource"},
    ProblemKind{405, "method-not-allowed", "The resource does not know this method"},
    ProblemKind{408, "request-timeout", "The request took too long to arrive"},
    ProblemKind{409, "conflict", "The request conflicts with the current state"},
    ProblemKind{413, "content-too-large", "The request body is too large"},
    ProblemKind{414, "uri-too-long", "The request target is too long"},
    ProblemKind{415, "unsupported-media-type", "The media type is not supported"},
    ProblemKind{422, "validation-failed", "The request breaks a rule"},
    ProblemKind{431, "header-too-large", "The request header is too large"},
    ProblemKind{500, "internal-error", "The server failed"},
    ProblemKind{502, "bad-gateway", "A service behind this one gave no valid answer"},
    ProblemKind{503, "unavailable", "A service that is needed is not available"},
    ProblemKind{504, "deadline-exceeded", "The answer did not come in time"},
    ProblemKind{505, "http-version-not-supported", "The HTTP version is not supported"},
};

const ProblemKind& kind_of(int status) {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const ProblemKind& kind) { return kind.status == status; });
  return found == kinds.end() ? kind_of(status >= 500 ? 500 : 400) : *found;
}

base::http::Response respond(int status, std::string_view detail, std::string_view instance, const CallContext& context,
                             const std::vector<base::FieldError>& fields) {
  const ProblemKind& kind = kind_of(status);
  base::Json body;
  body["type"] = "urn:msctl:problem:" + std::string(kind.name);
  body["title"] = kind.title;
  body["status"] = status;
  body["detail"] = detail;
  body["instance"] = instance;
  for (const auto& [field, message] : fields) body["errors"].push_back({{"field", field}, {"message", message}});
  body["request_id"] = context.request_id;
  body["trace_id"] = context.trace.trace_id;
  base::http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/problem+json");
  response.body = base::dump_json(body);
  return response;
}

}  // namespace

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
      return 400;
    case ErrorCode::invalid:
      return 422;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::method:
      return 405;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::too_large:
      return 413;
    case ErrorCode::unsupported:
      return 415;
    case ErrorCode::timeout:
      return 504;
    case ErrorCode::unavailable:
    case ErrorCode::cancelled:
      return 503;
    case ErrorCode::bad_gateway:
      return 502;
    case ErrorCode::permission:
      return 403;
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

base::http::Response problem(const base::Error& error, std::string_view instance, const CallContext& context) {
  const int status = http_status(error.code);
  auto response = respond(status, error.message, instance, context, error.fields);
  if (error.retry_after || status == 503) {
    const auto seconds = error.retry_after.value_or(std::chrono::seconds(1));
    response.headers.add("Retry-After", std::to_string(seconds.count()));
  }
  return response;
}

base::http::Response problem(int status, std::string_view detail, std::string_view instance,
                             const CallContext& context) {
  return respond(status, detail, instance, context, {});
}

}  // namespace chassis
