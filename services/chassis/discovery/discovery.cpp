#include "services/chassis/discovery/discovery.hpp"

#include <algorithm>
#include <charconv>

#include "services/chassis/discovery/consul.hpp"

namespace chassis::discovery {
namespace {

std::optional<std::uint16_t> port_from(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// A named port at "address:port", as the first endpoint or as one more port of it.
void add(Endpoints& endpoints, const std::string& service, const std::string& where, const std::string& name) {
  const auto colon = where.rfind(':');
  if (colon == std::string::npos) return;
  const auto port = port_from(std::string_view(where).substr(colon + 1));
  if (!port) return;
  const auto address = where.substr(0, colon);
  if (endpoints.empty()) endpoints.push_back({service, address, *port, {}});
  if (endpoints.front().address == address) endpoints.front().meta["port_" + name] = std::to_string(*port);
}

}  // namespace

std::optional<std::uint16_t> port_of(const Endpoint& endpoint, std::string_view name) {
  const auto found = endpoint.meta.find("port_" + std::string(name));
  if (found != endpoint.meta.end()) return port_from(found->second);
  if (name == "http" && endpoint.port != 0) return endpoint.port;
  return std::nullopt;
}

bool Feed::publish(Endpoints endpoints) {
  std::sort(endpoints.begin(), endpoints.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  if (endpoints == *this->endpoints()) return false;
  list_.store(std::make_shared<const Endpoints>(std::move(endpoints)), std::memory_order_release);
  if (changed_) changed_();
  return true;
}

Endpoints configured(const Config& config, const std::string& service) {
  Endpoints endpoints;
  for (const auto& route : config.routes) {
    if (route.service == service) add(endpoints, service, route.address, "http");
  }
  const auto call = config.calls.find(service);
  if (call != config.calls.end()) add(endpoints, service, call->second.address, "grpc");
  return endpoints;
}

std::shared_ptr<Feed> StaticDiscovery::follow(const std::string& service) {
  return std::make_shared<Feed>(configured(config_, service));
}

std::unique_ptr<Discovery> make_discovery(Environment& env) {
  if (env.config.discovery.driver == DiscoveryDriver::consul) return std::make_unique<ConsulDiscovery>(env);
  return std::make_unique<StaticDiscovery>(env.config);
}

}  // namespace chassis::discovery
