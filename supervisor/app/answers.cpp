#include "supervisor/app/answers.hpp"

#include "supervisor/control/wire.hpp"

namespace app {

using base::http::Request;
using base::http::Response;

Response json_response(int status, const base::Json& body) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = base::dump_json(body) + "\n";
  return response;
}

Response error_response(const base::Error& error) {
  return json_response(control::http_status(error.code), control::error_json(error));
}

Response unknown_resource() { return error_response(base::fail(base::ErrorCode::not_found, "no such resource")); }

Response wrong_method(std::string_view allowed) {
  auto response = json_response(405, {{"error", {{"code", "malformed"}, {"message", "method not allowed"}}}});
  response.headers.set("Allow", allowed);
  return response;
}

base::Result<base::Json> object_of(const Request& request) {
  if (request.body.empty()) return base::Json::object();
  TRY(base::Json json, base::parse_json(request.body));
  if (!json.is_object()) return base::fail(base::ErrorCode::malformed, "expected an object");
  return json;
}

}  // namespace app
