#include "services/chassis/health/health.hpp"

#include <algorithm>
#include <cmath>

namespace chassis {
namespace {

base::http::Response respond(int status, const base::Json& body) {
  base::http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = base::dump_json(body);
  return response;
}

}  // namespace

bool Health::knows(std::string_view path) {
  return path == "/health" || path == "/health/live" || path == "/health/ready" || path == "/health/startup" ||
         path == "/live" || path == "/ready";
}

base::Json Health::header(std::string_view status) const {
  return {{"status", status},
          {"service", config_.name},
          {"version", config_.version},
          {"instance", config_.instance},
          {"time", base::to_rfc3339(clock_.wall())}};
}

base::Task<base::http::Response> Health::answer(std::string path) const {
  if (path == "/health/live" || path == "/live") co_return respond(200, header("live"));
  if (path == "/health/startup") {
    const bool up = phase_ != Phase::starting;
    co_return respond(up ? 200 : 503, header(up ? "started" : "starting"));
  }
  co_return co_await readiness(path == "/health" ? 200 : 503);
}

bool Health::needs_anything() const {
  return std::any_of(checks_.begin(), checks_.end(), [](const Check& check) { return check.required; });
}

base::Task<std::string> Health::missing() const {
  for (const auto& check : checks_) {
    if (!check.required) continue;
    const auto result = co_await check.probe(clock_.monotonic() + check_timeout);
    if (!result) co_return check.name + ": " + result.error().message;
  }
  co_return std::string();
}

base::Task<base::http::Response> Health::readiness(int status_when_not_ready) const {
  base::Json checks = base::Json::object();
  bool ready = phase_ == Phase::running;
  bool whole = true;
  for (const auto& check : checks_) {
    const auto began = clock_.monotonic();
    const auto result = co_await check.probe(began + check_timeout);
    const std::chrono::duration<double, std::milli> took = clock_.monotonic() - began;
    base::Json entry{{"status", result ? "up" : "down"},
                     {"required", check.required},
                     {"latency_ms", std::round(took.count() * 1000) / 1000}};
    if (!result) entry["detail"] = result.error().message;
    if (!result) (check.required ? ready : whole) = false;
    checks[check.name] = std::move(entry);
  }
  base::Json body = header(ready ? (whole ? "ready" : "degraded") : "not_ready");
  if (phase_ == Phase::draining) body["detail"] = "shutting down";
  body["checks"] = std::move(checks);
  co_return respond(ready ? 200 : status_when_not_ready, body);
}

}  // namespace chassis
