#pragma once
// Passes a request on to the service its path belongs to, and the answer back. Thread-safe.
//
// The instances of a service get requests in turn. When one cannot be reached, the next one is tried; when one lost the
// connection over a request, only if the method allows for sending it twice.

#include "services/chassis/api/entry.hpp"
#include "services/chassis/discovery/balancer.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/gateway/domain/route_table.hpp"

namespace gateway_service::adapters {

// By domain::Route::upstream.
using Upstreams = std::vector<std::unique_ptr<chassis::discovery::Balancer>>;

inline constexpr std::size_t max_attempts = 3;

class Proxy {
 public:
  Proxy(chassis::Environment& env, const domain::RouteTable& routes, const Upstreams& upstreams)
      : env_(env), routes_(routes), upstreams_(upstreams) {}

  base::Task<chassis::Handled> handle(chassis::CallContext context, base::http::Request request) const;

 private:
  base::http::Request outgoing(const domain::Route& route, const chassis::CallContext& context,
                               base::http::Request request) const;

  base::Task<base::Result<base::http::Response>> forward(const domain::Route& route, std::string caller,
                                                         base::http::Request request,
                                                         std::chrono::milliseconds patience) const;
  // One attempt, and the time that it took.
  base::Task<base::Result<base::http::Response>> send(const chassis::Metrics::Labels& labels, base::http::Target target,
                                                      base::http::Request request,
                                                      std::chrono::milliseconds patience) const;

  chassis::Environment& env_;
  const domain::RouteTable& routes_;
  const Upstreams& upstreams_;
};

}  // namespace gateway_service::adapters
