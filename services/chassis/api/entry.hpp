#pragma once
// The door of a service's REST port: gives each request its context (trace, request id, deadline), answers health and
// metrics itself, and writes one access log line and the RED metrics for all others. Thread-safe.

#include <functional>
#include <string>

#include "base/http/server.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/chassis/health/health.hpp"

namespace chassis {

// What the service made of a request. `route` is the pattern, never the path: it becomes a metric label.
struct Handled {
  base::http::Response response;
  std::string route;
};

class HttpEntry {
 public:
  using Inner = std::function<base::Task<Handled>(CallContext, base::http::Request)>;

  // Time a request may take when nobody says less (Envoy's route timeout).
  static constexpr std::chrono::milliseconds default_deadline{15'000};

  HttpEntry(Environment& env, const Health& health, Inner inner);

  base::Task<base::http::Response> handle(base::http::Request request) const;
  // The answer to a request that never reaches the service, such as one that was not whole; logged and counted like any
  // other.
  base::http::Response refuse(int status, std::string_view detail, const base::http::Request& request) const;

 private:
  base::Task<base::http::Response> about_itself(base::http::Request request) const;
  CallContext context_of(const base::http::Request& request) const;
  void record(const CallContext& context, const std::string& method, const std::string& path, const Handled& handled,
              base::Monotonic began) const;

  Environment& env_;
  const Health& health_;
  Inner inner_;
};

// A method as metric label: methods are the client's words, and an endless variety must not become an endless number of
// series.
std::string method_label(std::string_view method);

// The limits of a REST port as the configuration has them.
base::http::ServerLimits server_limits(const Config& config);

}  // namespace chassis
