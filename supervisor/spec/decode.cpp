#include "supervisor/spec/decode.hpp"

#include <algorithm>

#include "supervisor/spec/read_keys.hpp"
#include "supervisor/spec/size.hpp"

namespace spec {
namespace {

using base::Json;

Condition condition(const std::string& text) {
  if (text == "started") return Condition::started;
  return text == "completed" ? Condition::completed : Condition::ready;
}

OnCrash on_crash(const std::string& text) {
  if (text == "hold") return OnCrash::hold;
  return text == "restart" ? OnCrash::restart : OnCrash::ignore;
}

void read_dependencies(const Json& object, std::vector<Dependency>& into) {
  const Json* value = key_of(object, "depends_on");
  if (value == nullptr) return;
  for (const auto& [name, child] : value->items()) {
    Dependency dependency{name};
    if (child.is_string()) {
      dependency.condition = condition(child);
    } else {
      dependency.condition = condition(child.value("condition", "ready"));
      dependency.on_crash = on_crash(child.value("on_crash", "ignore"));
      read_key(child, "required", dependency.required);
    }
    into.push_back(std::move(dependency));
  }
}

void read_calls_and_routes(const Json& object, Service& service) {
  if (const Json* calls = key_of(object, "calls")) {
    for (const auto& [name, child] : calls->items()) {
      Call call{name};
      read_key_ms(child, "timeout_ms", call.timeout);
      service.calls.push_back(std::move(call));
    }
  }
  if (const Json* routes = key_of(object, "routes")) {
    for (const Json& route : *routes) service.routes.push_back({route["prefix"], route["to"], service.name});
  }
}

void read_restart(const Json& object, Restart& restart) {
  const Json* value = key_of(object, "restart");
  if (value == nullptr) return;
  const std::string policy = value->value("policy", "on-failure");
  restart.policy = policy == "no"       ? RestartPolicy::no
                   : policy == "always" ? RestartPolicy::always
                                        : RestartPolicy::on_failure;
  read_key_ms(*value, "first_ms", restart.first);
  read_key_ms(*value, "cap_ms", restart.cap);
  read_key_ms(*value, "stable_ms", restart.stable);
  read_key(*value, "limit", restart.limit);
  if (const Json* codes = key_of(*value, "success_codes")) {
    for (const Json& code : *codes) restart.success_codes.push_back(code);
    std::sort(restart.success_codes.begin(), restart.success_codes.end());
    const auto end = std::unique(restart.success_codes.begin(), restart.success_codes.end());
    restart.success_codes.erase(end, restart.success_codes.end());
  }
}

void read_size(const ServiceSource& source, const char* map, const char* key, std::int64_t& into, Problems& problems) {
  const Json* object = key_of(source.merged, map);
  const Json* value = object == nullptr ? nullptr : key_of(*object, key);
  if (value == nullptr) return;
  into = size_of(*value);
  if (into != 0) return;
  source.report(problems, std::string("/") + map + "/" + key, "expected a size from 1K to 1024T, got " + shown(*value));
}

void read_resources_and_logs(const ServiceSource& source, Service& service, Problems& problems) {
  if (const Json* resources = key_of(source.merged, "resources")) {
    read_key(*resources, "cpus", service.resources.cpus);
    read_key(*resources, "open_files", service.resources.open_files);
  }
  read_size(source, "resources", "memory", service.resources.memory_bytes, problems);
  if (const Json* logs = key_of(source.merged, "logs")) {
    read_key(*logs, "files", service.logs.files);
    read_key(*logs, "max_age_days", service.logs.max_age_days);
  }
  read_size(source, "logs", "max_size", service.logs.max_bytes, problems);
  if (const Json* known = key_of(source.merged, "register")) {
    read_key(*known, "tags", service.registration.tags);
    read_key_map(*known, "meta", service.registration.meta);
  }
}

void read_build(const ServiceSource& source, Service& service, Problems& problems) {
  const Json* value = key_of(source.merged, "build");
  if (value == nullptr) return;
  Build build;
  read_key(*value, "command", build.command);
  read_key(*value, "inputs", build.inputs);
  if (build.command.empty()) {
    source.report(problems, "/build", "expected the key \"command\" (a list of strings), which is missing");
  } else if (build.command.front().empty()) {
    source.report(problems, "/build/command", "the program's name is empty");
  }
  if (const Json* sanitize = key_of(*value, "sanitize")) {
    build.sanitize = SanitizedBuild{sanitize->at("command"), sanitize->at("program")};
  }
  service.build = std::move(build);
}

void read_door(const Json& contracts, const char* key, ContractDoor& door) {
  const Json* value = key_of(contracts, key);
  if (value == nullptr) return;
  read_key(*value, "command", door.command);
  read_key(*value, "http", door.path);
  read_key(*value, "port", door.port);
}

void read_contracts(const ServiceSource& source, Service& service, Problems& problems) {
  const Json* contracts = key_of(source.merged, "contracts");
  if (contracts == nullptr) return;
  read_door(*contracts, "states", service.contracts.states);
  read_door(*contracts, "messages", service.contracts.messages);
  for (const auto& [name, door] :
       {std::pair{"states", &service.contracts.states}, std::pair{"messages", &service.contracts.messages}}) {
    const std::string at = std::string("/contracts/") + name;
    if (!door->path.empty() && !service.ports.contains(door->port)) {
      source.report(problems, at, "the service has no port named \"" + door->port + "\"");
    }
    if (!door->command.empty() && door->command.front().empty()) {
      source.report(problems, at + "/command", "the program's name is empty");
    }
  }
}

}  // namespace

Service decode_service(const ServiceSource& source, Problems& problems) {
  const Json& object = source.merged;
  Service service;
  service.name = source.name;
  service.instance = source.name;
  if (source.name == "supervisor" || source.name.starts_with("build-")) {
    source.report(problems, "", "this name is reserved: logs/" + source.name + ".log is msctl's own");
  }
  service.home = source.folder;
  service.folder = source.folder;
  if (const Json* folder = key_of(object, "folder")) {
    service.folder = (source.folder / folder->get<std::string>()).lexically_normal();
    if (service.folder.filename().empty()) service.folder = service.folder.parent_path();  // of `sub/` and `.`
  }
  read_key(object, "version", service.version);
  read_key(object, "command", service.command);
  read_key_map(object, "env", service.env);
  read_key_map(object, "ports", service.ports);
  read_key(object, "sockets", service.sockets);
  read_key(object, "replicas", service.replicas);
  read_key(object, "profiles", service.profiles);
  read_key(object, "database", service.database);
  read_key(object, "publishes", service.publishes);
  read_key(object, "consumes", service.consumes);
  read_key(object, "gateway", service.gateway);
  read_calls_and_routes(object, service);
  read_dependencies(object, service.depends_on);
  read_restart(object, service.restart);
  read_key_ms(object, "stop_grace_ms", service.stop_grace);
  if (const Json* limits = key_of(object, "limits")) {
    read_key(*limits, "body_bytes", service.limits.body_bytes);
    read_key(*limits, "connections", service.limits.connections);
  }
  read_resources_and_logs(source, service, problems);
  read_build(source, service, problems);
  read_contracts(source, service, problems);
  decode_probes(source, service, problems);
  decode_source(source, service, problems);
  return service;
}

WorkspaceCommand decode_command(const Json& value) { return {value.at("command"), value.value("help", "")}; }

Registry decode_registry(const Json& cluster) {
  Registry registry;
  if (const Json* value = key_of(cluster, "registry")) {
    read_key(*value, "enabled", registry.enabled);
    read_key(*value, "port", registry.port);
    registry.port_given = value->contains("port");
  }
  return registry;
}

}  // namespace spec
