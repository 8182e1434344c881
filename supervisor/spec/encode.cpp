#include "supervisor/spec/encode.hpp"

#include "supervisor/spec/size.hpp"

namespace spec {
namespace {

using base::Json;

const char* name_of(Condition condition) {
  switch (condition) {
    case Condition::started:
      return "started";
    case Condition::ready:
      return "ready";
    case Condition::completed:
      break;
  }
  return "completed";
}

const char* name_of(OnCrash on_crash) {
  switch (on_crash) {
    case OnCrash::ignore:
      return "ignore";
    case OnCrash::hold:
      return "hold";
    case OnCrash::restart:
      break;
  }
  return "restart";
}

const char* name_of(RestartPolicy policy) {
  switch (policy) {
    case RestartPolicy::no:
      return "no";
    case RestartPolicy::on_failure:
      return "on-failure";
    case RestartPolicy::always:
      break;
  }
  return "always";
}

Json encode_probe(const Probe& probe) {
  Json value = Json::object();
  switch (probe.kind) {
    case ProbeKind::http:
      value = {{"http", probe.path}, {"port", probe.port}};
      break;
    case ProbeKind::tcp:
      value = {{"tcp", probe.port}};
      break;
    case ProbeKind::grpc:
      value = {{"grpc", probe.port}, {"service", probe.path}};
      break;
    case ProbeKind::exec:
      value["exec"] = probe.command;
      break;
    case ProbeKind::log:
      value = {{"log", probe.path}};
      break;
    case ProbeKind::notify:
      value = {{"notify", true}};
      break;
  }
  value["interval_ms"] = probe.interval.count();
  value["timeout_ms"] = probe.timeout.count();
  value["failures"] = probe.failures;
  value["successes"] = probe.successes;
  value["start_period_ms"] = probe.start_period.count();
  return value;
}

template <class T>
void put_some(Json& into, const char* key, const T& value) {
  if (!value.empty()) into[key] = value;
}

void encode_links(const Service& service, Json& into) {
  put_some(into, "publishes", service.publishes);
  put_some(into, "consumes", service.consumes);
  for (const Call& call : service.calls) into["calls"][call.service] = {{"timeout_ms", call.timeout.count()}};
  for (const Route& route : service.routes) {
    into["routes"].push_back({{"prefix", route.prefix}, {"to", route.to}});
  }
  if (service.gateway) into["gateway"] = true;
  for (const Dependency& dependency : service.depends_on) {
    into["depends_on"][dependency.service] = {{"condition", name_of(dependency.condition)},
                                              {"required", dependency.required},
                                              {"on_crash", name_of(dependency.on_crash)}};
  }
}

Json encode_door(const ContractDoor& door) {
  if (!door.command.empty()) return {{"command", door.command}};
  return {{"http", door.path}, {"port", door.port}};
}

void encode_contracts(const Contracts& contracts, Json& into) {
  if (!contracts.states.empty()) into["contracts"]["states"] = encode_door(contracts.states);
  if (!contracts.messages.empty()) into["contracts"]["messages"] = encode_door(contracts.messages);
}

void encode_probes(const Service& service, Json& into) {
  if (service.boot) into["probes"]["boot"] = encode_probe(*service.boot);
  if (service.ready) into["probes"]["ready"] = encode_probe(*service.ready);
  if (service.live) into["probes"]["live"] = encode_probe(*service.live);
}

void encode_running(const Service& service, Json& into) {
  encode_probes(service, into);
  const Restart& restart = service.restart;
  into["restart"] = {{"policy", name_of(restart.policy)},
                     {"first_ms", restart.first.count()},
                     {"cap_ms", restart.cap.count()},
                     {"stable_ms", restart.stable.count()},
                     {"limit", restart.limit},
                     {"success_codes", restart.success_codes}};
  const Resources& resources = service.resources;
  if (resources.memory_bytes > 0) into["resources"]["memory"] = format_size(resources.memory_bytes);
  if (resources.cpus > 0) into["resources"]["cpus"] = resources.cpus;
  if (resources.open_files > 0) into["resources"]["open_files"] = resources.open_files;
  into["logs"] = {{"max_size", format_size(service.logs.max_bytes)},
                  {"files", service.logs.files},
                  {"max_age_days", service.logs.max_age_days}};
  into["limits"] = {{"body_bytes", service.limits.body_bytes}, {"connections", service.limits.connections}};
  into["stop_grace_ms"] = service.stop_grace.count();
  if (service.build) {
    into["build"]["command"] = service.build->command;
    put_some(into["build"], "inputs", service.build->inputs);
    if (const auto& sanitize = service.build->sanitize) {
      into["build"]["sanitize"] = {{"command", sanitize->command}, {"program", sanitize->program}};
    }
  }
}

}  // namespace

Json encode_service(const Cluster& cluster, const Service& service) {
  Json value = Json::object();
  put_some(value, "version", service.version);
  if (service.external) {
    value["external"]["url"] = service.external->url;
    put_some(value["external"], "health", service.external->health);
  }
  put_some(value, "image", service.image);
  put_some(value, "command", service.command);
  const bool is_ours = service.source != Source::external;
  if (service.source == Source::command) value["folder"] = service.folder.lexically_relative(cluster.root).string();
  put_some(value, "env", service.env);
  put_some(value, "ports", service.ports);
  put_some(value, "sockets", service.sockets);
  if (is_ours) value["replicas"] = service.replicas;
  put_some(value, "profiles", service.profiles);
  put_some(value, "database", service.database);
  encode_links(service, value);
  encode_contracts(service.contracts, value);
  if (is_ours) encode_running(service, value);
  put_some(value["register"], "tags", service.registration.tags);
  put_some(value["register"], "meta", service.registration.meta);
  if (value["register"].is_null()) value.erase("register");
  return value;
}

}  // namespace spec
