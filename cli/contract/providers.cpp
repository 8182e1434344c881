#include "cli/contract/providers.hpp"

#include "cli/session/operations.hpp"
#include "supervisor/spec/port_variable.hpp"
#include "supervisor/spec/suggest.hpp"

namespace contract {
namespace {

namespace fs = std::filesystem;

constexpr const char* states_path = "/_test/provider-states";
constexpr const char* messages_path = "/_test/messages";

std::string local_url(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

struct Instance {
  const cli::Place& place;
  const spec::Cluster& cluster;  // with the ports as they are
  const spec::Service& service;
  const control::ServiceView& view;

  fs::path config() const { return place.state / "run" / (view.name + ".json"); }
};

base::Result<Door> make_door(const Instance& of, const spec::ContractDoor& declared, const char* chassis_path) {
  Door door;
  if (!declared.command.empty()) {
    for (const auto& word : declared.command) {
      TRY(auto resolved, spec::resolve(of.cluster, of.service.name, word));
      door.command.push_back(std::move(resolved));
    }
    door.folder = of.service.folder;
    for (const auto& [name, port] : of.view.ports) door.variables[spec::port_variable(name)] = std::to_string(port);
    door.variables["MSCTL_SERVICE"] = of.service.name;
    door.variables["MSCTL_INSTANCE"] = of.view.name;
    door.variables["MSCTL_CONFIG"] = of.config().string();
    for (const auto& [name, value] : of.service.env) {
      TRY(door.variables[name], spec::resolve(of.cluster, of.service.name, value));
    }
    return door;
  }
  door.secret = cli::local_secret(of.config());
  if (!declared.path.empty()) {
    const auto port = of.view.ports.find(declared.port);
    if (port != of.view.ports.end()) door.url = local_url(port->second) + declared.path;
    return door;
  }
  const auto port = of.view.ports.find("http");
  if (port == of.view.ports.end() || door.secret.empty()) return door;
  door.url = local_url(port->second) + chassis_path;
  door.of_chassis = true;
  return door;
}

base::Result<EndpointParts> parts_of(const Instance& of) {
  EndpointParts parts;
  parts.name = of.service.name;
  if (const auto http = of.view.ports.find("http"); http != of.view.ports.end()) parts.url = local_url(http->second);
  if (const auto grpc = of.view.ports.find("grpc"); grpc != of.view.ports.end()) {
    parts.grpc = "127.0.0.1:" + std::to_string(grpc->second);
  }
  TRY(parts.states, make_door(of, of.service.contracts.states, states_path));
  TRY(parts.messages, make_door(of, of.service.contracts.messages, messages_path));
  return parts;
}

}  // namespace

void Providers::add(const cli::Place& place, const spec::Cluster& cluster, const control::ServiceView& view) {
  const spec::Service& service = cluster.services.at(view.service);
  auto parts = parts_of({place, cluster, service, view});
  if (!parts) {
    why_not_[view.service] = parts.error().message;
    return;
  }
  endpoints_[view.service] = std::make_unique<Endpoint>(std::move(parts).value(), web_, rpc_);
}

void Providers::add_external(const std::string& name, const spec::Service& service) {
  EndpointParts parts;
  parts.name = name;
  parts.url = service.external->url;
  if (!parts.url.starts_with("http")) parts.url.clear();
  const auto& states = service.contracts.states;
  if (!states.path.empty()) parts.states.url = parts.url + states.path;
  if (!service.contracts.messages.path.empty()) parts.messages.url = parts.url + service.contracts.messages.path;
  if (!states.command.empty()) {
    parts.states.command = states.command;
    parts.states.folder = service.folder;
  }
  endpoints_[name] = std::make_unique<Endpoint>(std::move(parts), web_, rpc_);
}

void Providers::take_running(const cli::Place& place, const std::set<std::string>& names) {
  const auto views = place.client().services();
  if (!views) return;
  spec::Cluster numbered = cluster_;
  numbered.state = place.state;
  cli::overlay_ports(numbered, views.value());
  for (const auto& view : views.value()) {
    const bool wanted = names.contains(view.service) && numbered.services.contains(view.service);
    // A stub made of contracts would keep them all.
    if (wanted && view.ready && !view.mock && !endpoints_.contains(view.service)) add(place, numbered, view);
  }
}

base::Result<void> Providers::prepare(const std::set<std::string>& names, const ProvidersOptions& options,
                                      const cli::Cancel& cancel, const TemporaryProject::Say& say) {
  std::set<std::string> known;
  std::vector<std::string> all;
  for (const auto& [name, service] : cluster_.services) all.push_back(name);
  for (const auto& name : names) {
    const auto service = cluster_.services.find(name);
    if (service == cluster_.services.end()) {
      const std::string near = spec::nearest(name, all);
      why_not_[name] = "no service of this cluster is named \"" + name + "\"" +
                       (near.empty() ? "" : "; did you mean \"" + near + "\"?") + "; elsewhere: --url URL";
    } else if (service->second.external) {
      add_external(name, service->second);
    } else {
      known.insert(name);
    }
  }
  if (!options.fresh) take_running(place_, known);
  std::vector<std::string> missing;
  for (const auto& name : known) {
    if (!endpoints_.contains(name) && !why_not_.contains(name)) missing.push_back(name);
  }
  if (missing.empty()) return base::success();
  auto started = TemporaryProject::start(place_, missing, options.build, cancel, say);
  if (!started) {
    if (started.error().code == base::ErrorCode::cancelled) return started.error();
    for (const auto& name : missing) why_not_[name] = started.error().message;
    return base::success();
  }
  project_ = std::move(started).value();
  take_running(project_->place(), {missing.begin(), missing.end()});
  for (const auto& name : missing) {
    if (!endpoints_.contains(name) && !why_not_.contains(name)) why_not_[name] = name + " did not become ready";
  }
  return base::success();
}

Provider* Providers::find(const std::string& name) {
  const auto found = endpoints_.find(name);
  return found == endpoints_.end() ? nullptr : found->second.get();
}

std::string Providers::why_not(const std::string& name) const {
  const auto found = why_not_.find(name);
  return found == why_not_.end() ? name + " is not there" : found->second;
}

}  // namespace contract
