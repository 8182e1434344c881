#include "supervisor/spec/mock.hpp"

#include <set>

namespace spec {
namespace {

Probe ready_probe(const Service& service) {
  Probe probe;
  if (!service.ports.contains("http")) {
    probe.kind = ProbeKind::tcp;
    probe.port = service.ports.begin()->first;
  }
  return probe;
}

Service stub_of(const Service& service, const Cluster& cluster) {
  Service stub;
  stub.is_mock = true;
  stub.name = service.name;
  stub.instance = service.instance;
  stub.version = service.version;
  stub.home = service.home;
  stub.folder = cluster.root;
  stub.ports = service.ports;
  stub.sockets = service.sockets;
  stub.replicas = service.replicas;
  stub.profiles = service.profiles;
  stub.routes = service.routes;
  stub.restart = service.restart;
  stub.logs = service.logs;
  stub.registration = service.registration;
  stub.registration.meta["mock"] = "true";
  stub.stop_grace = service.stop_grace;
  stub.gateway = service.gateway;
  stub.command = {"${dir:bin}/msctl", "__stub", service.name};
  for (const auto& folder : contract_folders(cluster)) {
    stub.command.insert(stub.command.end(), {"--contracts", folder.string()});
  }
  if (!stub.ports.empty()) stub.ready = ready_probe(stub);
  return stub;
}

}  // namespace

std::vector<std::filesystem::path> contract_folders(const Cluster& cluster) {
  std::set<std::filesystem::path> folders = {cluster.root / "contracts" / "pacts"};
  for (const auto& [name, service] : cluster.services) {
    folders.insert((service.home / "contracts" / "pacts").lexically_normal());
  }
  return {folders.begin(), folders.end()};
}

base::Result<void> apply_mocks(Cluster& cluster, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto found = cluster.services.find(name);
    if (found == cluster.services.end()) {
      return base::fail(base::ErrorCode::invalid, "--mock: no service is named \"" + name + "\"");
    }
    if (found->second.source == Source::external) {
      return base::fail(base::ErrorCode::invalid, "--mock " + name + ": it is external, msctl runs nothing for it");
    }
    found->second = stub_of(found->second, cluster);
  }
  return base::success();
}

}  // namespace spec
