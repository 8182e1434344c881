#include "cli/render/container.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <tuple>

#include "supervisor/spec/link.hpp"
#include "supervisor/spec/resolve.hpp"

namespace render {
namespace {

using base::Json;

constexpr std::string_view loopback = "127.0.0.1:";

int port_in(const std::string& url) { return std::atoi(url.substr(url.rfind(':') + 1).c_str()); }

// "127.0.0.1:8081" of that service as others see it.
void name_host(Json& address, const std::string& service) {
  const auto& text = address.get_ref<const std::string&>();
  if (text.starts_with(loopback)) address = service + ":" + text.substr(loopback.size());
}

// `127.0.0.1:${port:OTHER.NAME}` is where the other service is here; there it is under its name.
std::string with_names(const std::string& service, std::string text) {
  static constexpr std::string_view mark = ":${port:";
  for (const std::string_view host : {"127.0.0.1", "localhost"}) {
    const std::string wanted = std::string(host) + std::string(mark);
    for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
      const auto begin = at + wanted.size();
      const auto end = text.find('}', begin);
      const auto dot = text.find('.', begin);
      if (end == std::string::npos || dot >= end) continue;
      const std::string other = text.substr(begin, dot - begin);
      if (other != service) text.replace(at, host.size(), other);
    }
  }
  return text;
}

// Where it is, without the file with the password, which is this machine's: libpq takes that from PGPASSWORD.
std::string database_url(const spec::Cluster& inside, const spec::Service& service, const Environment& environment) {
  const Json& given = environment.get("database");
  std::string where = inside.postgres + ":";
  if (!given.is_null()) {
    where = given["host"].get<std::string>() + ":" + std::to_string(given.value("port", 5432));
  } else {
    const auto& own = inside.services.at(inside.postgres);
    where += std::to_string(own.external ? port_in(own.external->url) : own.ports.at("client"));
  }
  return "postgres://" + service.name + "@" + where + "/" + service.name + "?application_name=" + service.name;
}

}  // namespace

bool Edge::operator<(const Edge& other) const {
  return std::tie(from, to, port) < std::tie(other.from, other.to, other.port);
}

spec::Cluster in_containers(const spec::Cluster& cluster) {
  spec::Cluster inside = cluster;
  inside.root = app_folder;
  inside.state = "/";
  inside.bin = std::string(app_folder) + "/bin";
  inside.registry.enabled = false;
  for (auto& [name, service] : inside.services) {
    service.home = service.folder = app_folder;
    std::uint16_t next = 10'000;
    for (auto& [port, number] : service.ports) {
      if (number == 0) number = port == "http" ? 8080 : port == "grpc" ? 9090 : next++;
    }
  }
  return inside;
}

base::Result<std::string> container_text(const spec::Cluster& inside, const std::string& service,
                                         const std::string& text, const Json& env) {
  for (const char* folder : {"${dir:service}", "${dir:root}", "${dir:state}"}) {
    if (text.find(folder) == std::string::npos) continue;
    return base::fail(base::ErrorCode::invalid,
                      std::string(folder) + " is a folder of this machine, which an image does not have");
  }
  std::string missing;
  spec::Outside outside;
  outside.variable = [&](const std::string& name) -> std::optional<std::string> {
    if (env.contains(name)) return env[name].get<std::string>();
    missing = name;
    return std::nullopt;
  };
  outside.content = [&](const std::filesystem::path& file) -> base::Result<std::string> {
    return base::fail(base::ErrorCode::invalid, file.filename().string() + " is a file of this machine");
  };
  auto resolved = spec::resolve_with(inside, service, with_names(service, text), outside);
  if (resolved) return resolved;
  if (!missing.empty()) {
    return base::fail(base::ErrorCode::invalid, "${env:" + missing + "} has no value in a container; set it under env");
  }
  return base::fail(base::ErrorCode::invalid, resolved.error().message);
}

Json container_config(const spec::Cluster& inside, const spec::Service& service, const Environment& environment) {
  Json config = spec::service_config(inside, service);
  config["bind"] = "0.0.0.0";
  config["discovery"] = {{"driver", "static"}};
  for (auto& [name, call] : config["calls"].items()) name_host(call["address"], name);
  if (config.contains("routes")) {
    for (auto& route : config["routes"]) name_host(route["address"], route["service"].get<std::string>());
  }
  if (config.contains("broker")) {
    const Json& given = environment.get("broker");
    Json& url = config["broker"]["url"];
    const auto own = url.get<std::string>();
    const auto scheme = inside.broker_kind + "://";
    const auto mark = scheme + std::string(loopback);
    if (own.starts_with(mark)) url = scheme + inside.broker + ":" + own.substr(mark.size());
    if (!given.is_null()) url = given["url"];
  }
  if (service.database == "postgres") config["database"]["url"] = database_url(inside, service, environment);
  return config;
}

bool is_replaced(const spec::Cluster& cluster, const std::string& service, const Environment& environment) {
  const bool is_broker = service == cluster.broker && !environment.get("broker").is_null();
  const bool is_database = service == cluster.postgres && !environment.get("database").is_null();
  return is_broker || is_database || makes_databases(cluster, service);
}

bool makes_databases(const spec::Cluster& cluster, const std::string& service) {
  if (cluster.postgres.empty() || service != spec::databases_job(cluster)) return false;
  const auto found = cluster.services.find(service);
  return found != cluster.services.end() && !found->second.command.empty() &&
         found->second.command.front() == "${dir:bin}/msctl-postgres";
}

std::vector<Edge> edges_of(const spec::Cluster& cluster, const Environment& environment) {
  std::set<Edge> edges;
  const auto add = [&](const std::string& from, const std::string& to, const std::string& port) {
    const auto found = cluster.services.find(to);
    if (found == cluster.services.end() || found->second.source == spec::Source::external) return;
    if (is_replaced(cluster, to, environment) || !found->second.ports.contains(port)) return;
    edges.insert({from, to, port});
  };
  const auto knows = [&](const std::string& from, const std::string& to) {
    return std::any_of(edges.begin(), edges.end(),
                       [&](const Edge& edge) { return edge.from == from && edge.to == to; });
  };
  for (const auto& [name, service] : cluster.services) {
    for (const auto& call : service.calls) add(name, call.service, call.port);
    if (!service.publishes.empty() || !service.consumes.empty()) add(name, cluster.broker, "client");
    if (service.database == "postgres") add(name, cluster.postgres, "client");
    if (!service.gateway) continue;
    for (const auto& [other, routed] : cluster.services) {
      if (!routed.routes.empty()) add(name, other, "http");
    }
  }
  for (const auto& [name, service] : cluster.services) {
    for (const auto& dependency : service.depends_on) {
      if (dependency.condition == spec::Condition::completed || knows(name, dependency.service)) continue;
      const auto found = cluster.services.find(dependency.service);
      if (found == cluster.services.end()) continue;
      for (const auto& [port, number] : found->second.ports) add(name, dependency.service, port);
    }
  }
  return {edges.begin(), edges.end()};
}

std::vector<int> outside_ports(const spec::Cluster& cluster, const spec::Service& service,
                               const Environment& environment) {
  std::set<int> ports;
  const auto external = [&](const std::string& name) {
    const auto found = cluster.services.find(name);
    if (found != cluster.services.end() && found->second.external) ports.insert(port_in(found->second.external->url));
  };
  for (const auto& call : service.calls) external(call.service);
  for (const auto& dependency : service.depends_on) external(dependency.service);
  const bool uses_events = !service.publishes.empty() || !service.consumes.empty();
  if (uses_events && !environment.get("broker").is_null()) {
    ports.insert(port_in(environment.get("broker")["url"].get<std::string>()));
  }
  if (service.database == "postgres") {
    const Json& given = environment.get("database");
    if (given.is_null()) external(cluster.postgres);
    if (!given.is_null()) ports.insert(given.value("port", 5432));
  }
  return {ports.begin(), ports.end()};
}

}  // namespace render
