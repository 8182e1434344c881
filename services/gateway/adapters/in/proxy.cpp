#include "services/gateway/adapters/in/proxy.hpp"

#include <algorithm>
#include <array>

#include "base/json.hpp"
#include "services/chassis/api/problem.hpp"

namespace gateway_service::adapters {
namespace {

using base::http::Headers;

// Of one connection only (RFC 9110 §7.6.1), or set anew for the next one.
constexpr std::array<std::string_view, 13> not_forwarded{"connection",
                                                         "keep-alive",
                                                         "proxy-connection",
                                                         "proxy-authenticate",
                                                         "proxy-authorization",
                                                         "te",
                                                         "trailer",
                                                         "transfer-encoding",
                                                         "upgrade",
                                                         "content-length",
                                                         "expect",
                                                         "host",
                                                         "forwarded"};

// The service counts the same deadline from a little later on; its own answer to a missed one says more than ours.
constexpr std::chrono::seconds answer_margin{1};

Headers end_to_end(const Headers& headers) {
  Headers kept;
  for (const auto& [name, value] : headers) {
    const bool dropped = std::any_of(not_forwarded.begin(), not_forwarded.end(),
                                     [&n = name](std::string_view each) { return base::http::iequals(n, each); });
    // The Connection header may name more fields that end here.
    if (!dropped && !base::http::list_contains(headers, "connection", name)) kept.add(name, value);
  }
  return kept;
}

bool may_try_another(const base::Error& error, const std::string& method) {
  if (error.code != base::ErrorCode::unavailable) return false;
  const bool idempotent = method == "GET" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
  return idempotent || base::http::nothing_was_sent(error);
}

// A problem names the path that failed as the service knows it; the client knows another one.
std::string seen_from_here(std::string problem, const std::string& path) {
  auto parsed = base::parse_json(problem);
  if (!parsed || !parsed.value().is_object() || !parsed.value().contains("instance")) return problem;
  parsed.value()["instance"] = path;
  return base::dump_json(parsed.value());
}

}  // namespace

base::Task<chassis::Handled> Proxy::handle(chassis::CallContext context, base::http::Request request) const {
  const std::string path(request.path());
  if (domain::is_ambiguous(path)) {
    const auto error = base::fail(base::ErrorCode::malformed, "the path has dot segments or encoded separators");
    co_return chassis::Handled{chassis::problem(error, path, context), "ambiguous"};
  }
  const domain::Route* route = routes_.find(path);
  if (route == nullptr) {
    const auto error = base::fail(base::ErrorCode::not_found, "there is no route for " + path);
    co_return chassis::Handled{chassis::problem(error, path, context), "unknown"};
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(context.deadline - env_.clock.monotonic());
  const auto patience = left + answer_margin;
  std::string caller = chassis::method_label(request.method) + " " + route->prefix;
  auto upstream_request = outgoing(*route, context, std::move(request));
  auto answer = co_await forward(*route, std::move(caller), std::move(upstream_request), patience);
  chassis::Handled handled{{}, route->prefix};
  if (!answer) {
    base::Error error = answer.error();
    const bool down = error.code == base::ErrorCode::unavailable;
    error.message = route->service + (down ? " is not available" : " gave no valid answer in time");
    env_.metrics.count("gateway_upstream_failures_total", "Requests that got no answer from the service behind",
                       {{"service", route->service}});
    handled.response = chassis::problem(error, path, context);
    co_return handled;
  }
  handled.response.status = answer.value().status;
  handled.response.headers = end_to_end(answer.value().headers);
  handled.response.body = std::move(answer.value().body);
  if (const auto location = domain::public_location(*route, handled.response.headers.get("location"))) {
    handled.response.headers.set("Location", *location);
  }
  if (handled.response.headers.get("content-type") == "application/problem+json") {
    handled.response.body = seen_from_here(std::move(handled.response.body), path);
  }
  co_return handled;
}

base::Task<base::Result<base::http::Response>> Proxy::forward(const domain::Route& route, std::string caller,
                                                              base::http::Request request,
                                                              std::chrono::milliseconds patience) const {
  const chassis::Metrics::Labels labels{{"service", route.service},
                                        {"method", chassis::method_label(request.method)},
                                        {"route", route.to},
                                        {"caller", std::move(caller)}};
  const auto choice = upstreams_[route.upstream]->pick();
  const auto attempts = std::min(choice.size(), max_attempts);
  for (std::size_t attempt = 0; attempt + 1 < attempts; ++attempt) {
    auto copy = request;  // only where there is a choice; the usual single instance costs none
    auto target = choice.at(attempt);
    auto answer = co_await send(labels, std::move(target), std::move(copy), patience);
    if (answer || !may_try_another(answer.error(), request.method)) co_return answer;
    env_.metrics.count("gateway_failovers_total", "Requests that went to another instance after one had failed",
                       {{"service", route.service}});
  }
  if (attempts == 0) co_return base::fail(base::ErrorCode::unavailable, "no instance is known");
  auto target = choice.at(attempts - 1);
  co_return co_await send(labels, std::move(target), std::move(request), patience);
}

base::Task<base::Result<base::http::Response>> Proxy::send(const chassis::Metrics::Labels& labels,
                                                           base::http::Target target, base::http::Request request,
                                                           std::chrono::milliseconds patience) const {
  const auto began = env_.clock.monotonic();
  auto answer = co_await env_.http.send(std::move(target), std::move(request), patience);
  const std::chrono::duration<double> took = env_.clock.monotonic() - began;
  env_.metrics.observe_seconds("http_client_request_duration_seconds", "Time until a request made was answered", labels,
                               took.count());
  co_return answer;
}

base::http::Request Proxy::outgoing(const domain::Route& route, const chassis::CallContext& context,
                                    base::http::Request request) const {
  request.target = domain::rewrite(route, request.target);
  if (request.method == "HEAD") request.method = "GET";  // the server cuts the body off, and knows its length then
  const auto trace = chassis::child_of(context.trace, env_.random);
  Headers headers = end_to_end(request.headers);
  headers.set("traceparent", trace.traceparent());
  headers.remove("tracestate");
  if (!trace.tracestate.empty()) headers.add("tracestate", trace.tracestate);
  headers.set("X-Request-Id", context.request_id);
  // This is the public door: what a client says about itself here is not believed.
  headers.set("X-Forwarded-For", request.peer);
  headers.set("X-Forwarded-Proto", "http");
  headers.remove("X-Forwarded-Host");
  if (const auto host = request.headers.get("host"); !host.empty()) headers.add("X-Forwarded-Host", host);
  request.headers = std::move(headers);
  return request;
}

}  // namespace gateway_service::adapters
