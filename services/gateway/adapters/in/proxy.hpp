#pragma once
// Passes a request on to the service its path belongs to, and the answer back. Thread-safe.

#include "services/chassis/api/entry.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/gateway/domain/route_table.hpp"

namespace gateway_service::adapters {

class Proxy {
 public:
  Proxy(chassis::Environment& env, const domain::RouteTable& routes) : env_(env), routes_(routes) {}

  base::Task<chassis::Handled> handle(chassis::CallContext context, base::http::Request request) const;

 private:
  base::http::Request outgoing(const domain::Route& route, const chassis::CallContext& context,
                               base::http::Request request) const;

  chassis::Environment& env_;
  const domain::RouteTable& routes_;
};

}  // namespace gateway_service::adapters
