#include "services/chassis/api/api.hpp"

#include <cmath>
#include <set>

#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/api/problem.hpp"

namespace chassis {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::string_view first_version = "/v1";

bool has_body(const std::string& method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

bool is_json(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find(';'));
  const auto end = type.find_last_not_of(" \t");
  return base::http::iequals(type.substr(0, end + 1), "application/json");
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

// `/v1/users/{id}` with each field filled in from the message.
std::string expand(const std::string& pattern, const google::protobuf::Message& message) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size();) {
    const auto end = pattern[i] == '{' ? pattern.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      text += pattern[i++];
    } else {
      text += base::http::percent_encode(field_text(message, pattern.substr(i + 1, end - i - 1)));
      i = end + 1;
    }
  }
  return text;
}

base::Error refused_parameter(const std::string& name, const std::string& why) {
  base::Error error = fail(ErrorCode::malformed, "query parameter " + name + ": " + why);
  error.fields.push_back({name, why});
  return error;
}

// Where there is a body, it alone says what is wanted: a parameter beside it could only contradict it.
base::Result<void> read_query(std::string_view query, bool beside_body, google::protobuf::Message& message) {
  std::vector<std::pair<std::string, std::string>> parameters;
  if (!base::http::parse_query(query, parameters)) {
    return fail(ErrorCode::malformed, "the query string is not valid percent-encoding");
  }
  std::set<std::string> seen;
  for (const auto& [name, text] : parameters) {
    if (beside_body) return refused_parameter(name, "is not known here, the request is in the body");
    if (!seen.insert(name).second) return refused_parameter(name, "is given twice");
    TRY(set_from_text(message, name, text));
  }
  return base::success();
}

}  // namespace

void Api::add(std::string_view rest, std::string_view rpc_method, Prototypes prototypes, Invoke invoke, Success success,
              RouteDoc doc) {
  const auto space = rest.find(' ');
  const std::string method(rest.substr(0, space));
  const std::string pattern(rest.substr(space + 1));
  const std::size_t index = endpoints_.size();
  endpoints_.push_back(std::make_unique<Endpoint>(
      Endpoint{method, pattern, "/" + service_ + "/" + std::string(rpc_method), prototypes.request, prototypes.response,
               std::move(invoke), std::move(success), std::move(doc)}));
  router_.add(method, pattern, index);
  if (pattern.starts_with(first_version)) router_.add(method, pattern.substr(first_version.size()), index);
}

base::Result<Api::MessagePtr> Api::read(const Endpoint& endpoint, const Router::Match& match,
                                        const base::http::Request& request) {
  MessagePtr message(endpoint.prototype.New());
  if (has_body(endpoint.rest_method)) {
    const auto type = request.headers.get("content-type");
    if (!is_json(type) && !(type.empty() && request.body.empty())) {
      return fail(ErrorCode::unsupported, "Content-Type must be application/json");
    }
    if (request.body.empty()) return fail(ErrorCode::malformed, "the request body is empty, expected a JSON object");
    TRY(const auto json, base::parse_json(request.body));
    TRY(from_json(json, *message));
  }
  TRY(read_query(request.query(), has_body(endpoint.rest_method), *message));
  for (const auto& [field, text] : match.parameters) {
    TRY(set_from_text(*message, field, text));
  }
  return message;
}

base::Task<Handled> Api::handle(CallContext context, base::http::Request request) const {
  const std::string path(request.path());
  if (path == openapi_path && (request.method == "GET" || request.method == "HEAD")) {
    Handled described{{}, std::string(openapi_path)};
    described.response.headers.add("Content-Type", "application/json");
    described.response.body = base::dump_json_pretty(openapi()) + "\n";
    co_return described;
  }
  auto found = router_.find(request.method, path);
  if (!found.match) {
    const bool known = !found.allowed.empty();
    const auto error =
        known ? fail(ErrorCode::method, request.method + " is not allowed here; allowed: " + join(found.allowed))
              : fail(ErrorCode::not_found, "there is nothing at " + path);
    Handled refused{problem(error, path, context), known ? "method-not-allowed" : "unknown"};
    if (known) refused.response.headers.add("Allow", join(found.allowed));
    co_return refused;
  }
  const Endpoint& endpoint = *endpoints_[found.match->index];
  Handled handled{{}, endpoint.pattern};
  auto message = read(endpoint, *found.match, request);
  if (!message) {
    handled.response = problem(message.error(), path, context);
    co_return handled;
  }
  const auto result = co_await endpoint.invoke(context, std::move(message).value());
  if (!result) {
    handled.response = problem(result.error(), path, context);
    co_return handled;
  }
  handled.response.status = endpoint.success.status;
  handled.response.headers.add("Content-Type", "application/json");
  if (!endpoint.success.location.empty()) {
    handled.response.headers.add("Location", expand(endpoint.success.location, *result.value()));
  }
  handled.response.body = base::dump_json(to_json(*result.value()));
  co_return handled;
}

base::Json Api::openapi() const {
  std::vector<Operation> operations;
  for (const auto& endpoint : endpoints_) {
    const auto name = endpoint->rpc_name.substr(endpoint->rpc_name.rfind('/') + 1);
    operations.push_back({endpoint->rest_method, endpoint->pattern, name, endpoint->success.status,
                          endpoint->prototype.GetDescriptor(), endpoint->response.GetDescriptor(), endpoint->doc});
  }
  return chassis::openapi(env_.config.name, service_, operations);
}

rpc::Methods Api::rpc_methods() const {
  rpc::Methods methods;
  for (const auto& endpoint : endpoints_) {
    methods[endpoint->rpc_name] = [this, &endpoint = *endpoint](rpc::Call incoming) {
      return call(endpoint, std::move(incoming));
    };
  }
  return methods;
}

base::Task<base::Result<std::string>> Api::call(const Endpoint& endpoint, rpc::Call incoming) const {
  const auto began = env_.clock.monotonic();
  CallContext context;
  context.trace =
      continue_trace(incoming.metadata.get("traceparent"), incoming.metadata.get("tracestate"), env_.random);
  context.request_id = accept_request_id(incoming.metadata.get("x-request-id"), env_.clock, env_.random);
  context.deadline = std::min(incoming.deadline, began + HttpEntry::default_deadline);
  MessagePtr message(endpoint.prototype.New());
  base::Result<std::string> outcome = fail(ErrorCode::malformed, "the request is not a valid message");
  if (message->ParseFromString(incoming.body)) {
    const auto result = co_await endpoint.invoke(context, std::move(message));
    if (result) {
      outcome = result.value()->SerializeAsString();
    } else {
      outcome = result.error();
    }
  }
  const std::chrono::duration<double> took = env_.clock.monotonic() - began;
  const std::string status = outcome ? "ok" : std::to_string(http_status(outcome.error().code));
  env_.metrics.count("rpc_server_calls_total", "gRPC calls answered",
                     {{"method", endpoint.rpc_name}, {"status", status}});
  env_.metrics.observe_seconds("rpc_server_call_duration_seconds", "Time to answer a gRPC call",
                               {{"method", endpoint.rpc_name}}, took.count());
  const base::Json fields{{"request_id", context.request_id},
                          {"trace_id", context.trace.trace_id},
                          {"span_id", context.trace.span_id},
                          {"parent_id", context.trace.parent_id},
                          {"method", endpoint.rpc_name},
                          {"status", status},
                          {"duration_ms", std::round(took.count() * 1e6) / 1e3}};
  env_.log.write(outcome ? Level::info : Level::warning, "rpc", fields);
  co_return outcome;
}

}  // namespace chassis
