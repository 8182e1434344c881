#include "supervisor/registry/views.hpp"

namespace registry::views {
namespace {

std::string_view type_of(CheckKind kind) {
  switch (kind) {
    case CheckKind::http:
      return "http";
    case CheckKind::tcp:
      return "tcp";
    case CheckKind::maintenance:
      return "maintenance";
    case CheckKind::ttl:
    case CheckKind::supervisor:
      break;
  }
  return "ttl";
}

Json object_of(const std::map<std::string, std::string>& pairs) {
  Json json = Json::object();
  for (const auto& [key, value] : pairs) json[key] = value;
  return json;
}

Json tagged_addresses(const Catalog& catalog) {
  const auto& address = catalog.node().address;
  return {{"lan", address}, {"lan_ipv4", address}, {"wan", address}, {"wan_ipv4", address}};
}

Json service_addresses(const std::string& address, std::uint16_t port) {
  if (address.empty()) return Json::object();
  const Json one{{"Address", address}, {"Port", port}};
  return {{"lan_ipv4", one}, {"wan_ipv4", one}};
}

Json weights_of(const ServiceDefinition& definition) {
  return {{"Passing", definition.weight_passing}, {"Warning", definition.weight_warning}};
}

}  // namespace

Json node(const Catalog& catalog) {
  const auto& own = catalog.node();
  return {{"ID", own.id},
          {"Node", own.name},
          {"Address", own.address},
          {"Datacenter", own.datacenter},
          {"TaggedAddresses", tagged_addresses(catalog)},
          {"Meta", Json::object()},
          {"CreateIndex", 1},
          {"ModifyIndex", 1}};
}

Json service(const Catalog& catalog, const Instance& instance) {
  const auto& definition = instance.definition;
  return {{"ID", definition.id},
          {"Service", definition.name},
          {"Tags", definition.tags},
          {"Meta", object_of(definition.meta)},
          {"Port", definition.port},
          {"Address", definition.address},
          {"TaggedAddresses", service_addresses(definition.address, definition.port)},
          {"Weights", weights_of(definition)},
          {"EnableTagOverride", definition.enable_tag_override},
          {"Datacenter", catalog.node().datacenter},
          {"CreateIndex", instance.create_index},
          {"ModifyIndex", instance.modify_index}};
}

Json check(const Catalog& catalog, const Check& check) {
  const auto& definition = check.definition;
  const bool asked = definition.kind == CheckKind::http || definition.kind == CheckKind::tcp;
  const auto* owner = catalog.find(check.service_id);
  return {{"Node", catalog.node().name},
          {"CheckID", definition.id},
          {"Name", definition.name},
          {"Status", name(check.status)},
          {"Notes", definition.notes},
          {"Output", check.output},
          {"ServiceID", check.service_id},
          {"ServiceName", owner == nullptr ? "" : owner->definition.name},
          {"ServiceTags", owner == nullptr ? Json::array() : Json(owner->definition.tags)},
          {"Type", type_of(definition.kind)},
          {"Interval", asked ? format_duration(definition.interval) : ""},
          {"Timeout", asked ? format_duration(definition.timeout) : ""},
          {"ExposedPort", 0},
          {"Definition", Json::object()},
          {"CreateIndex", check.create_index},
          {"ModifyIndex", check.modify_index}};
}

Json serf_health(const Catalog& catalog) {
  return {{"Node", catalog.node().name},
          {"CheckID", "serfHealth"},
          {"Name", "Serf Health Status"},
          {"Status", "passing"},
          {"Notes", ""},
          {"Output", "Agent alive and reachable"},
          {"ServiceID", ""},
          {"ServiceName", ""},
          {"ServiceTags", Json::array()},
          {"Type", ""},
          {"Interval", ""},
          {"Timeout", ""},
          {"ExposedPort", 0},
          {"Definition", Json::object()},
          {"CreateIndex", 1},
          {"ModifyIndex", 1}};
}

Json health_entry(const Catalog& catalog, const Instance& instance) {
  Json checks = Json::array({serf_health(catalog)});
  for (const auto* each : catalog.node_checks()) checks.push_back(check(catalog, *each));
  for (const auto* each : catalog.checks_of(instance)) checks.push_back(check(catalog, *each));
  return {{"Node", node(catalog)}, {"Service", service(catalog, instance)}, {"Checks", std::move(checks)}};
}

Json catalog_entry(const Catalog& catalog, const Instance& instance) {
  const auto& own = catalog.node();
  const auto& definition = instance.definition;
  return {{"ID", own.id},
          {"Node", own.name},
          {"Address", own.address},
          {"Datacenter", own.datacenter},
          {"TaggedAddresses", tagged_addresses(catalog)},
          {"NodeMeta", Json::object()},
          {"ServiceKind", ""},
          {"ServiceID", definition.id},
          {"ServiceName", definition.name},
          {"ServiceTags", definition.tags},
          {"ServiceAddress", definition.address},
          {"ServiceTaggedAddresses", service_addresses(definition.address, definition.port)},
          {"ServiceWeights", weights_of(definition)},
          {"ServiceMeta", object_of(definition.meta)},
          {"ServicePort", definition.port},
          {"ServiceEnableTagOverride", definition.enable_tag_override},
          {"CreateIndex", instance.create_index},
          {"ModifyIndex", instance.modify_index}};
}

Json member(const Catalog& catalog, std::uint16_t port) {
  constexpr int alive = 1;
  const auto& own = catalog.node();
  return {{"Name", own.name},
          {"Addr", own.address},
          {"Port", port},
          {"Tags", {{"dc", own.datacenter}, {"id", own.id}, {"role", "consul"}, {"build", MSCTL_VERSION}}},
          {"Status", alive},
          {"ProtocolMin", 1},
          {"ProtocolMax", 5},
          {"ProtocolCur", 2},
          {"DelegateMin", 2},
          {"DelegateMax", 5},
          {"DelegateCur", 4}};
}

Json self(const Catalog& catalog, std::uint16_t port) {
  const auto& own = catalog.node();
  return {{"Config",
           {{"Datacenter", own.datacenter},
            {"PrimaryDatacenter", own.datacenter},
            {"NodeName", own.name},
            {"NodeID", own.id},
            {"Server", true},
            {"Revision", "msctl"},
            {"Version", MSCTL_VERSION}}},
          {"DebugConfig", Json::object()},
          {"Member", member(catalog, port)},
          {"Stats", {{"agent", {{"services", std::to_string(catalog.instances().size())}}}}},
          {"Meta", Json::object()}};
}

}  // namespace registry::views
