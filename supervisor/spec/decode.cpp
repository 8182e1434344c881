#include "supervisor/spec/decode.hpp"

namespace spec {
namespace {

using base::Json;

const Json* member(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

// Overwrites the default only with what the file has.
template <class T>
void read(const Json& object, const char* key, T& into) {
  if (const Json* value = member(object, key)) value->get_to(into);
}

void read_ms(const Json& object, const char* key, Ms& into) {
  if (const Json* value = member(object, key)) into = Ms(value->get<Ms::rep>());
}

template <class T>
void read_map(const Json& object, const char* key, std::map<std::string, T>& into) {
  const Json* value = member(object, key);
  if (value == nullptr) return;
  for (const auto& [name, child] : value->items()) into[name] = child.template get<T>();
}

Condition condition(const std::string& text) {
  if (text == "started") return Condition::started;
  return text == "completed" ? Condition::completed : Condition::ready;
}

void read_dependencies(const Json& object, std::vector<Dependency>& into) {
  const Json* value = member(object, "depends_on");
  if (value == nullptr) return;
  for (const auto& [name, child] : value->items()) {
    Dependency dependency{name};
    if (child.is_string()) {
      dependency.condition = condition(child);
    } else {
      dependency.condition = condition(child.value("condition", "ready"));
      read(child, "required", dependency.required);
    }
    into.push_back(std::move(dependency));
  }
}

void read_calls_and_routes(const Json& object, Service& service) {
  if (const Json* calls = member(object, "calls")) {
    for (const auto& [name, child] : calls->items()) {
      Call call{name};
      read_ms(child, "timeout_ms", call.timeout);
      service.calls.push_back(std::move(call));
    }
  }
  if (const Json* routes = member(object, "routes")) {
    for (const Json& route : *routes) service.routes.push_back({route["prefix"], route["to"], service.name});
  }
}

std::optional<Probe> decode_probe(const ServiceSource& source, const char* kind, const Service& service,
                                  Problems& problems) {
  const Json* probes = member(source.merged, "probes");
  const Json* value = probes == nullptr ? nullptr : member(*probes, kind);
  if (value == nullptr) return std::nullopt;
  const std::string pointer = std::string("/probes/") + kind;
  const bool is_tcp = value->contains("tcp");
  if (is_tcp == value->contains("http")) {
    source.report(problems, pointer, "expected either http (a path) or tcp (a port's name)");
    return std::nullopt;
  }
  Probe probe;
  probe.kind = is_tcp ? ProbeKind::tcp : ProbeKind::http;
  read(*value, "port", probe.port);
  read(*value, is_tcp ? "tcp" : "http", is_tcp ? probe.port : probe.path);
  read_ms(*value, "interval_ms", probe.interval);
  read_ms(*value, "timeout_ms", probe.timeout);
  read(*value, "failures", probe.failures);
  read_ms(*value, "start_period_ms", probe.start_period);
  if (!service.ports.contains(probe.port)) {
    source.report(problems, pointer, "it asks port \"" + probe.port + "\", which is not among the service's ports");
  }
  return probe;
}

void read_restart(const Json& object, Restart& restart) {
  const Json* value = member(object, "restart");
  if (value == nullptr) return;
  const std::string policy = value->value("policy", "on-failure");
  restart.policy = policy == "no"       ? RestartPolicy::no
                   : policy == "always" ? RestartPolicy::always
                                        : RestartPolicy::on_failure;
  read_ms(*value, "first_ms", restart.first);
  read_ms(*value, "cap_ms", restart.cap);
  read_ms(*value, "stable_ms", restart.stable);
  read(*value, "limit", restart.limit);
}

}  // namespace

Service decode_service(const ServiceSource& source, Problems& problems) {
  const Json& object = source.merged;
  Service service;
  service.name = source.name;
  service.instance = source.name;
  service.folder = source.folder;
  read(object, "version", service.version);
  read(object, "command", service.command);
  read_map(object, "env", service.env);
  read_map(object, "ports", service.ports);
  read(object, "database", service.database);
  read(object, "publishes", service.publishes);
  read(object, "consumes", service.consumes);
  read(object, "gateway", service.gateway);
  read_calls_and_routes(object, service);
  read_dependencies(object, service.depends_on);
  read_restart(object, service.restart);
  read_ms(object, "stop_grace_ms", service.stop_grace);
  if (const Json* limits = member(object, "limits")) {
    read(*limits, "body_bytes", service.limits.body_bytes);
    read(*limits, "connections", service.limits.connections);
  }
  if (const Json* build = member(object, "build")) service.build = Build{build->at("command")};
  service.ready = decode_probe(source, "ready", service, problems);
  service.live = decode_probe(source, "live", service, problems);
  if (service.command.empty()) {
    source.report(problems, "", "expected a command, or a path to a folder with a service.yaml");
  } else if (service.command.front().empty()) {
    source.report(problems, "/command", "the program's name is empty");
  }
  return service;
}

WorkspaceCommand decode_command(const Json& value) { return {value.at("command"), value.value("help", "")}; }

}  // namespace spec
