#include "services/chassis/api/operations_door.hpp"

#include "services/chassis/api/local_secret.hpp"
#include "services/chassis/api/problem.hpp"

namespace chassis {

using base::ErrorCode;
using base::Json;
using base::http::Request;
using base::http::Response;

bool OperationsDoor::takes(const Request& request) const {
  return !env_.config.states_secret.empty() && request.path().starts_with(prefix);
}

base::Task<Response> OperationsDoor::answer(Request request) const {
  const std::string path(request.path());
  const auto answered = co_await open(std::move(request));
  if (!answered) {
    CallContext context;
    context.trace = continue_trace({}, {}, env_.random);
    context.request_id = accept_request_id({}, env_.clock, env_.random);
    co_return problem(answered.error(), path, context);
  }
  Response response;
  response.headers.add("Content-Type", "application/json");
  response.body = base::dump_json(answered.value());
  co_return response;
}

base::Task<base::Result<Json>> OperationsDoor::open(Request request) const {
  CO_TRY(check_local_secret(request, env_.config.states_secret));
  const std::string name(request.path().substr(prefix.size()));
  const auto* handler = operations_ == nullptr ? nullptr : operations_->find(name);
  if (handler == nullptr) {
    co_return base::fail(ErrorCode::not_found, env_.config.name + " has no operation named " + name);
  }
  Json body;
  if (request.method == "POST") {
    CO_TRY(body, base::parse_json(request.body));
    if (!body.is_object()) co_return base::fail(ErrorCode::malformed, "expected a JSON object");
  } else if (request.method != "GET") {
    co_return base::fail(ErrorCode::method, request.method + " is not allowed here");
  }
  co_return co_await (*handler)(std::move(body));
}

}  // namespace chassis
