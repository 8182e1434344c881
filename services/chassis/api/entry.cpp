#include "services/chassis/api/entry.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "services/chassis/api/problem.hpp"

namespace chassis {

HttpEntry::HttpEntry(Environment& env, const Health& health, Inner inner)
    : env_(env), health_(health), inner_(std::move(inner)) {}

base::Task<base::http::Response> HttpEntry::handle(base::http::Request request) const {
  const std::string path(request.path());
  if (Health::knows(path) || path == "/metrics") co_return co_await about_itself(std::move(request));
  const auto began = env_.clock.monotonic();
  const CallContext context = context_of(request);
  const std::string method = request.method;
  Handled handled = co_await inner_(context, std::move(request));
  handled.response.headers.set("X-Request-Id", context.request_id);
  record(context, method, path, handled, began);
  co_return std::move(handled.response);
}

base::Task<base::http::Response> HttpEntry::about_itself(base::http::Request request) const {
  const std::string path(request.path());
  if (request.method != "GET" && request.method != "HEAD") {
    auto refused = refuse(405, request.method + " is not allowed here; allowed: GET, HEAD", request);
    refused.headers.add("Allow", "GET, HEAD");
    co_return refused;
  }
  if (path != "/metrics") co_return co_await health_.answer(path);
  base::http::Response metrics;
  metrics.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  metrics.body = env_.metrics.serialize();
  co_return metrics;
}

CallContext HttpEntry::context_of(const base::http::Request& request) const {
  CallContext context;
  context.trace = continue_trace(request.headers.get("traceparent"), request.headers.get("tracestate"), env_.random);
  context.request_id = accept_request_id(request.headers.get("x-request-id"), env_.clock, env_.random);
  context.deadline = env_.clock.monotonic() + default_deadline;
  return context;
}

base::http::Response HttpEntry::refuse(int status, std::string_view detail, const base::http::Request& request) const {
  const CallContext context = context_of(request);
  const std::string path(request.path());
  Handled refused{problem(status, detail, path, context), "refused"};
  refused.response.headers.set("X-Request-Id", context.request_id);
  record(context, request.method, path, refused, env_.clock.monotonic());
  return std::move(refused.response);
}

void HttpEntry::record(const CallContext& context, const std::string& method, const std::string& path,
                       const Handled& handled, base::Monotonic began) const {
  const std::chrono::duration<double> took = env_.clock.monotonic() - began;
  const int status = handled.response.status;
  const Metrics::Labels labels{{"method", method_label(method)}, {"route", handled.route}};
  Metrics::Labels counted = labels;
  counted["status"] = std::to_string(status);
  env_.metrics.count("http_server_requests_total", "Requests answered on the REST port", counted);
  env_.metrics.observe_seconds("http_server_request_duration_seconds", "Time to answer a request", labels,
                               took.count());
  const base::Json fields{{"request_id", context.request_id},
                          {"trace_id", context.trace.trace_id},
                          {"span_id", context.trace.span_id},
                          {"parent_id", context.trace.parent_id},
                          {"method", method},
                          {"path", path},
                          {"route", handled.route},
                          {"status", status},
                          {"duration_ms", std::round(took.count() * 1e6) / 1e3}};
  const bool our_fault = status >= 500 && status != 505;  // an HTTP version that we do not speak is the client's
  env_.log.write(our_fault ? Level::error : Level::info, "request", fields);
}

std::string method_label(std::string_view method) {
  static constexpr std::array<std::string_view, 7> known{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  return std::string(std::find(known.begin(), known.end(), method) == known.end() ? "other" : method);
}

base::http::ServerLimits server_limits(const Config& config) {
  base::http::ServerLimits limits;
  limits.body_bytes = config.body_bytes;
  limits.connections = config.connections;
  return limits;
}

}  // namespace chassis
