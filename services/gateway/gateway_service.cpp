#include "services/gateway/gateway_service.hpp"

#include <charconv>
#include <map>

#include "services/chassis/api/serve.hpp"
#include "services/gateway/adapters/in/proxy.hpp"
#include "services/gateway/domain/route_table.hpp"

namespace gateway_service {
namespace {

base::Result<std::vector<domain::Route>> read_routes(const chassis::Config& config) {
  std::vector<domain::Route> routes;
  for (const auto& route : config.routes) {
    const auto colon = route.address.rfind(':');
    const auto port = std::string_view(route.address).substr(colon == std::string::npos ? 0 : colon + 1);
    domain::Route read{route.prefix, route.to, route.service, route.address.substr(0, colon), 0};
    const auto end = std::from_chars(port.data(), port.data() + port.size(), read.port);
    if (end.ec != std::errc() || end.ptr != port.data() + port.size()) {
      return base::fail(base::ErrorCode::invalid,
                        "route " + route.prefix + ": \"" + route.address + "\" is not an address and port");
    }
    routes.push_back(std::move(read));
  }
  return routes;
}

base::Task<base::Result<void>> is_live(chassis::Environment& env, base::http::Target target, base::Monotonic deadline) {
  base::http::Request request;
  request.target = "/health/live";
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - env.clock.monotonic());
  const auto answer = co_await env.http.send(std::move(target), std::move(request), left);
  if (!answer) co_return answer.error();
  co_return base::success();
}

}  // namespace

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(auto routes, read_routes(env.config));
  std::map<std::string, base::http::Target> services;
  for (const auto& route : routes) services[route.service] = {route.address, route.port, {}};
  const domain::RouteTable table(std::move(routes));
  const adapters::Proxy proxy(env, table);

  chassis::Health health(env.config, env.clock);
  // The door is open while a service behind it is away: the others still answer.
  for (const auto& [service, target] : services) {
    health.add(
        {service, false, [&env, target = target](base::Monotonic deadline) { return is_live(env, target, deadline); }});
  }
  chassis::HttpEntry::Inner inner = [&proxy](chassis::CallContext context, base::http::Request request) {
    return proxy.handle(std::move(context), std::move(request));
  };
  co_return co_await chassis::serve(env, health, std::move(inner));
}

}  // namespace gateway_service
