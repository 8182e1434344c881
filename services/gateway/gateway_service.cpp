#include "services/gateway/gateway_service.hpp"

#include <algorithm>
#include <charconv>

#include "services/chassis/api/openapi.hpp"
#include "services/chassis/api/serve.hpp"
#include "services/gateway/adapters/in/proxy.hpp"
#include "services/gateway/adapters/in/public_document.hpp"
#include "services/gateway/domain/route_table.hpp"

namespace gateway_service {
namespace {

// The services behind, each with a number, and what spreads requests over its instances.
struct Behind {
  std::vector<std::string> names;
  adapters::Upstreams upstreams;
  std::vector<domain::Route> routes;
};

base::Result<void> check_address(const chassis::RouteConfig& route) {
  const auto colon = route.address.rfind(':');
  const auto port = std::string_view(route.address).substr(colon == std::string::npos ? 0 : colon + 1);
  std::uint16_t number = 0;
  const auto end = std::from_chars(port.data(), port.data() + port.size(), number);
  if (end.ec == std::errc() && end.ptr == port.data() + port.size()) return base::success();
  return base::fail(base::ErrorCode::invalid,
                    "route " + route.prefix + ": \"" + route.address + "\" is not an address and port");
}

base::Result<Behind> read_routes(chassis::Environment& env) {
  Behind behind;
  const auto discovery = chassis::discovery::make_discovery(env);
  for (const auto& route : env.config.routes) {
    TRY(check_address(route));
    const auto known = std::find(behind.names.begin(), behind.names.end(), route.service);
    const auto upstream = static_cast<std::size_t>(known - behind.names.begin());
    if (known == behind.names.end()) {
      behind.names.push_back(route.service);
      behind.upstreams.push_back(
          std::make_unique<chassis::discovery::Balancer>(discovery->follow(route.service), "http"));
    }
    behind.routes.push_back({route.prefix, route.to, route.service, upstream});
  }
  return behind;
}

// One instance that answers is enough.
base::Task<base::Result<void>> is_live(chassis::Environment& env, chassis::discovery::Balancer& instances,
                                       base::Monotonic deadline) {
  base::Error last = base::fail(base::ErrorCode::unavailable, "no instance is known");
  const auto choice = instances.pick();
  for (std::size_t i = 0; i < choice.size(); ++i) {
    base::http::Request request;
    request.target = "/health/live";
    auto target = choice.at(i);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - env.clock.monotonic());
    const auto answer = co_await env.http.send(std::move(target), std::move(request), left);
    if (answer) co_return base::success();
    last = answer.error();
  }
  co_return last;
}

}  // namespace

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(auto behind, read_routes(env));
  const domain::RouteTable table(behind.routes);
  const adapters::Proxy proxy(env, table, behind.upstreams);
  const adapters::PublicDocument document(env, behind.routes, behind.upstreams);

  chassis::Health health(env.config, env.clock);
  // The door is open while a service behind it is away: the others still answer.
  for (std::size_t i = 0; i < behind.names.size(); ++i) {
    auto& instances = *behind.upstreams[i];
    health.add({behind.names[i], false,
                [&env, &instances](base::Monotonic deadline) { return is_live(env, instances, deadline); }});
  }
  chassis::HttpEntry::Inner inner = [&proxy, &document](chassis::CallContext context, base::http::Request request) {
    const bool asked = request.path() == chassis::openapi_path && (request.method == "GET" || request.method == "HEAD");
    if (asked) return document.handle();
    return proxy.handle(std::move(context), std::move(request));
  };
  co_return co_await chassis::serve(env, health, std::move(inner));
}

}  // namespace gateway_service
