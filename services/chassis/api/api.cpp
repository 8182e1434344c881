#include "services/chassis/api/api.hpp"

#include <cmath>
#include <set>

#include "base/joined.hpp"
#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/api/problem.hpp"
#include "services/chassis/api/route_headers.hpp"

namespace chassis {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::string_view first_version = "/v1";

bool is_json(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find(';'));
  const auto end = type.find_last_not_of(" \t");
  return base::http::iequals(type.substr(0, end + 1), "application/json");
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
              RouteDoc doc, RouteOptions options) {
  const auto space = rest.find(' ');
  const std::string method(rest.substr(0, space));
  const std::string pattern(rest.substr(space + 1));
  const std::size_t index = endpoints_.size();
  endpoints_.push_back(std::make_unique<Endpoint>(
      Endpoint{method, pattern, "/" + service_ + "/" + std::string(rpc_method), prototypes.request, prototypes.response,
               std::move(invoke), std::move(success), std::move(doc), std::move(options)}));
  router_.add(method, pattern, index);
  if (pattern.starts_with(first_version)) router_.add(method, pattern.substr(first_version.size()), index);
}

base::Result<Api::MessagePtr> Api::read(const Endpoint& endpoint, const Router::Match& match,
                                        const base::http::Request& request) {
  MessagePtr message(endpoint.prototype.New());
  if (takes_body(endpoint.rest_method)) {
    const auto type = request.headers.get("content-type");
    if (!is_json(type) && !(type.empty() && request.body.empty())) {
      return fail(ErrorCode::unsupported, "Content-Type must be application/json");
    }
    if (request.body.empty()) return fail(ErrorCode::malformed, "the request body is empty, expected a JSON object");
    TRY(const auto json, base::parse_json(request.body));
    TRY(from_json(json, *message));
  }
  TRY(read_query(request.query(), takes_body(endpoint.rest_method), *message));
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
    const auto error = known ? fail(ErrorCode::method,
                                    request.method + " is not allowed here; allowed: " + base::joined(found.allowed))
                             : fail(ErrorCode::not_found, "there is nothing at " + path);
    Handled refused{problem(error, path, context), known ? "method-not-allowed" : "unknown"};
    if (known) refused.response.headers.add("Allow", base::joined(found.allowed));
    co_return refused;
  }
  const Endpoint& endpoint = *endpoints_[found.match->index];
  Handled handled{{}, endpoint.pattern};
  context.endpoint = request.method + " " + endpoint.pattern;
  co_await respond(endpoint, *found.match, std::move(context), request, handled.response);
  if (endpoint.options.deprecation) add_deprecation(*endpoint.options.deprecation, handled.response.headers);
  co_return handled;
}

base::Task<> Api::respond(const Endpoint& endpoint, const Router::Match& match, CallContext context,
                          const base::http::Request& request, base::http::Response& response) const {
  const std::string path(request.path());
  auto message = read(endpoint, match, request);
  if (!message) {
    response = problem(message.error(), path, context);
    co_return;
  }
  const auto answered = co_await answer(endpoint, context, request.headers, std::move(message).value());
  const auto& result = answered.message;
  if (result) {
    response.status = endpoint.success.status;
    response.headers.add("Content-Type", "application/json");
    if (!endpoint.success.location.empty()) {
      response.headers.add("Location", expand(endpoint.success.location, *result.value()));
    }
    response.body = base::dump_json(to_json(*result.value()));
  } else {
    response = problem(result.error(), path, context);
  }
  if (answered.is_replayed) response.headers.add("Idempotent-Replayed", "true");
}

base::Task<Api::Answer> Api::answer(const Endpoint& endpoint, CallContext context, const base::http::Headers& headers,
                                    MessagePtr message) const {
  auto key = read_key(ledger_ == nullptr ? OnceKey::ignored : endpoint.options.key, headers);
  if (!key) {
    Answer refused{std::move(key).error()};
    co_return refused;
  }
  if (!key.value()) {
    auto result = co_await endpoint.invoke(std::move(context), std::move(message));
    Answer plain{std::move(result)};
    co_return plain;
  }
  ledger::Key claimed{endpoint.rpc_name, std::move(*key.value()), fingerprint(*message)};
  const std::shared_ptr<Message> shared = std::move(message);
  ledger::Work work = [&endpoint, shared](CallContext inner) { return invoke_as_json(endpoint, inner, shared); };
  auto outcome = co_await ledger_->once(std::move(context), std::move(claimed), std::move(work));
  if (!outcome.answer) {
    Answer failed{std::move(outcome.answer).error(), outcome.is_replayed};
    co_return failed;
  }
  MessagePtr read(endpoint.response.New());
  auto filled = from_json(outcome.answer.value(), *read, Unknown::ignore);  // an older version may have written it
  Answer done{filled ? base::Result<MessagePtr>(std::move(read)) : std::move(filled).error(), outcome.is_replayed};
  co_return done;
}

base::Task<base::Result<base::Json>> Api::invoke_as_json(const Endpoint& endpoint, CallContext context,
                                                         std::shared_ptr<Message> message) {
  MessagePtr mine(message->New());
  mine->GetReflection()->Swap(mine.get(), message.get());
  CO_TRY(const auto answer, co_await endpoint.invoke(std::move(context), std::move(mine)));
  co_return to_json(*answer);
}

base::Json Api::openapi() const {
  std::vector<Operation> operations;
  std::set<std::string> names;
  for (const auto& endpoint : endpoints_) {
    auto name = endpoint->rpc_name.substr(endpoint->rpc_name.rfind('/') + 1);
    // A later version of a route: PlaceOrder_v2.
    if (!names.insert(name).second) name += "_" + endpoint->pattern.substr(1, endpoint->pattern.find('/', 1) - 1);
    operations.push_back({endpoint->rest_method, endpoint->pattern, name, endpoint->success.status,
                          endpoint->prototype.GetDescriptor(), endpoint->response.GetDescriptor(), endpoint->doc,
                          endpoint->options});
  }
  return chassis::openapi(env_.config.name, service_, operations);
}

rpc::Methods Api::rpc_methods() const {
  rpc::Methods methods;
  for (const auto& endpoint : endpoints_) {
    rpc::Handler handler = [this, &endpoint = *endpoint](rpc::Call incoming) {
      return call(endpoint, std::move(incoming));
    };
    methods.emplace(endpoint->rpc_name, std::move(handler));
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
  context.endpoint = endpoint.rpc_name;
  MessagePtr message(endpoint.prototype.New());
  base::Result<std::string> outcome = fail(ErrorCode::malformed, "the request is not a valid message");
  if (message->ParseFromString(incoming.body)) {
    const auto answered = co_await answer(endpoint, context, incoming.metadata, std::move(message));
    if (answered.message) {
      outcome = answered.message.value()->SerializeAsString();
    } else {
      outcome = answered.message.error();
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
