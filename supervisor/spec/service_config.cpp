#include <algorithm>
#include <cctype>
#include <string_view>

#include "supervisor/spec/cluster.hpp"

namespace spec {
namespace {

using base::Json;

const std::string host = "127.0.0.1";

// What may stand in a URL's query as it is (RFC 3986), with the slashes of paths.
std::string escaped(const std::string& text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string url;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain =
        (byte < 0x80 && std::isalnum(byte) != 0) || std::string_view("-._~/").find(c) != std::string_view::npos;
    if (is_plain) {
      url += c;
    } else {
      url += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
    }
  }
  return url;
}

std::string address(const Cluster& cluster, const std::string& service, const std::string& port) {
  const auto it = cluster.services.find(service);
  if (it == cluster.services.end()) return "";
  if (const auto& external = it->second.external) return external->url.substr(external->url.find("//") + 2);
  if (!it->second.ports.contains(port)) return "";
  return host + ":" + std::to_string(it->second.ports.at(port));
}

Json calls_of(const Cluster& cluster, const Service& service) {
  Json calls = Json::object();
  for (const Call& call : service.calls) {
    const auto at = address(cluster, call.service, call.port);
    calls[call.service] = {{"address", at}, {"timeout_ms", call.timeout.count()}};
  }
  return calls;
}

// Longest prefix first, so that the first that fits is the one meant.
Json routes_of(const Cluster& cluster) {
  std::vector<Route> routes;
  for (const auto& [name, service] : cluster.services) {
    routes.insert(routes.end(), service.routes.begin(), service.routes.end());
  }
  std::sort(routes.begin(), routes.end(), [](const Route& a, const Route& b) {
    return a.prefix.size() != b.prefix.size() ? a.prefix.size() > b.prefix.size() : a.prefix < b.prefix;
  });
  Json list = Json::array();
  for (const Route& route : routes) {
    list.push_back({{"prefix", route.prefix},
                    {"to", route.to},
                    {"service", route.service},
                    {"address", address(cluster, route.service, "http")}});
  }
  return list;
}

// Database and role have the service's name; the password is in a file of its own (cli/postgres/msctl-postgres).
std::string database_url(const Cluster& cluster, const Service& service) {
  const std::string& name = service.name;
  if (service.database == "sqlite") return "sqlite:" + (cluster.state / "data" / name / (name + ".db")).string();
  const auto passfile = cluster.state / "postgres" / (name + ".pgpass");
  return "postgres://" + name + "@" + address(cluster, cluster.postgres, "client") + "/" + name +
         "?passfile=" + escaped(passfile.string()) + "&application_name=" + service.instance;
}

// Of each event type that it consumes, the services that publish it.
Json publishers_of(const Cluster& cluster, const Service& service) {
  Json found = Json::object();
  for (const auto& type : service.consumes) {
    found[type] = Json::array();
    for (const auto& [name, other] : cluster.services) {
      const bool publishes = std::find(other.publishes.begin(), other.publishes.end(), type) != other.publishes.end();
      if (publishes) found[type].push_back(name);
    }
  }
  return found;
}

}  // namespace

Json service_config(const Cluster& cluster, const Service& service) {
  Json config;
  config["service"] = {{"name", service.name},
                       {"version", service.version.empty() ? "0.0.0" : service.version},
                       {"instance", service.instance}};
  config["bind"] = host;
  config["ports"] = Json::object();
  for (const auto& [name, number] : service.ports) config["ports"][name] = number;
  if (!service.database.empty()) config["database"] = {{"url", database_url(cluster, service)}};
  const bool uses_events = !service.publishes.empty() || !service.consumes.empty();
  if (uses_events && !cluster.broker.empty()) {
    config["broker"] = {{"url", cluster.broker_kind + "://" + address(cluster, cluster.broker, "client")}};
  }
  if (!service.consumes.empty()) config["consumes"] = publishers_of(cluster, service);
  config["calls"] = calls_of(cluster, service);
  if (cluster.registry.enabled) {
    config["discovery"] = {{"driver", "consul"}, {"address", host + ":" + std::to_string(cluster.registry.port)}};
  }
  config["limits"] = {{"body_bytes", service.limits.body_bytes}, {"connections", service.limits.connections}};
  config["stop_grace_ms"] = service.stop_grace.count();
  if (service.gateway) config["routes"] = routes_of(cluster);
  return config;
}

}  // namespace spec
