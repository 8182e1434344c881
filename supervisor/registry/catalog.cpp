#include "supervisor/registry/catalog.hpp"

#include <algorithm>
#include <array>

namespace registry {
namespace {

constexpr std::string_view no_reason =
    "Maintenance mode is enabled for this service, but no reason was provided. This is a default message.";

std::string supervisor_check(const std::string& id) { return std::string(supervisor_prefix) + id; }
std::string maintenance_check(const std::string& id) { return "_service_maintenance:" + id; }

base::Error unknown_service(const std::string& id) {
  return base::fail(base::ErrorCode::not_found,
                    "Unknown service ID \"" + id + "\". Ensure that the service ID is passed, not the service name.");
}

// One check of a service is called service:ID, several service:ID:1 and so on, as Consul does it.
void name_checks(ServiceDefinition& service) {
  for (std::size_t i = 0; i < service.checks.size(); ++i) {
    auto& check = service.checks[i];
    if (check.id.empty()) {
      check.id = "service:" + service.id;
      if (service.checks.size() > 1) check.id += ":" + std::to_string(i + 1);
    }
    if (check.name.empty()) check.name = "Service '" + service.name + "' check";
  }
}

// What the process says of itself, and beside it what only the supervisor knows.
ServiceDefinition merged(ServiceDefinition by_process, const ServiceDefinition& by_supervisor) {
  for (const auto& [key, value] : by_supervisor.meta) by_process.meta.emplace(key, value);
  if (by_process.address.empty()) by_process.address = by_supervisor.address;
  if (by_process.port == 0) by_process.port = by_supervisor.port;
  return by_process;
}

}  // namespace

std::string_view name(Status status) {
  static constexpr std::array<std::string_view, 3> names{"passing", "warning", "critical"};
  return names[static_cast<std::size_t>(status)];
}

Catalog::Catalog(const base::Clock& clock, Node node)
    : clock_(clock),
      node_(std::move(node)),
      index_(static_cast<std::uint64_t>(std::max<std::int64_t>(1, clock.wall().time_since_epoch().count()))),
      services_index_(index_),
      node_index_(index_),
      extinction_index_(index_) {}

void Catalog::put(const InstanceRegistration& registration) {
  ServiceDefinition definition;
  definition.id = registration.id;
  definition.name = registration.name;
  definition.address = registration.address;
  definition.port = registration.port;
  definition.tags = registration.tags;
  definition.meta = registration.meta;
  const auto known = instances_.find(registration.id);
  if (known != instances_.end() && known->second.definition.name != registration.name) erase(registration.id);
  auto& entry = instances_[registration.id];
  entry.supervised = true;
  entry.definition = entry.registered_itself ? merged(entry.definition, definition) : std::move(definition);
  list(entry);
  CheckDefinition check;
  check.id = supervisor_check(registration.id);
  check.name = "State at the supervisor";
  check.kind = CheckKind::supervisor;
  check.ttl = registration.ttl;
  check.deregister_after = registration.deregister_after;
  check.initial = registration.status;
  check.initial_given = true;
  add_check(std::move(check), registration.id);
  touch(registration.id, true);
  notify();
}

void Catalog::set_health(const std::string& id, Status status, const std::string& output) {
  const auto found = checks_.find(supervisor_check(id));
  if (found == checks_.end()) return;
  set_status(found->second, status, output);
  start_clock(found->second);
  list_again(id);
  notify();
}

void Catalog::remove(const std::string& id) {
  if (!instances_.contains(id)) return;
  erase(id);
  notify();
}

void Catalog::await_supervisor(const std::string& id) {
  const auto found = instances_.find(id);
  if (found == instances_.end() || found->second.supervised) return;
  found->second.supervised = true;
  unlist(found->second, Listing::reaped);
  notify();
}

base::Result<void> Catalog::register_service(ServiceDefinition definition, bool replace) {
  if (definition.id.empty()) definition.id = definition.name;
  name_checks(definition);
  const std::string id = definition.id;
  const auto known = instances_.find(id);
  if (known == instances_.end() && instances_.size() >= max_instances) {
    return base::fail(base::ErrorCode::too_large,
                      "the registry is full: it holds " + std::to_string(max_instances) + " instances");
  }
  if (definition.checks.size() >= max_checks_of_one) {
    return base::fail(base::ErrorCode::too_large, "too many checks for one service");
  }
  for (const auto& check : definition.checks) {
    TRY(may_add(check, id));
  }
  auto checks = std::move(definition.checks);
  definition.checks.clear();
  if (known != instances_.end() && known->second.definition.name != definition.name && !known->second.supervised) {
    erase(id);
  }
  auto& instance = instances_[id];
  if (instance.supervised) {
    // The name is the supervisor's: it is what others look for.
    definition.name = instance.definition.name;
    definition = merged(std::move(definition), instance.definition);
  }
  instance.definition = std::move(definition);
  instance.registered_itself = true;
  list(instance);
  if (replace) {
    std::set<std::string> kept;
    for (const auto& check : checks) kept.insert(check.id);
    for (const auto& each : std::set<std::string>(instance.checks)) {
      if (!kept.contains(each) && !each.starts_with(supervisor_prefix)) drop_check(each);
    }
  }
  for (auto& check : checks) add_check(std::move(check), id);
  touch(id, true);
  notify();
  return base::success();
}

base::Result<void> Catalog::deregister_service(const std::string& id) {
  const auto found = instances_.find(id);
  if (found == instances_.end() || found->second.listing == Listing::left) return unknown_service(id);
  auto& instance = found->second;
  if (instance.supervised) {
    drop_checks(instance, false);
    instance.registered_itself = false;
    unlist(instance, Listing::left);
  } else {
    erase(id);
  }
  notify();
  return base::success();
}

base::Result<void> Catalog::set_maintenance(const std::string& service_id, bool on, const std::string& reason) {
  if (find(service_id) == nullptr) return unknown_service(service_id);
  const std::string id = maintenance_check(service_id);
  if (on) {
    CheckDefinition check;
    check.id = id;
    check.name = "Service Maintenance Mode";
    check.notes = reason.empty() ? std::string(no_reason) : reason;
    check.kind = CheckKind::maintenance;
    check.initial_given = true;
    add_check(std::move(check), service_id);
  } else if (checks_.contains(id)) {
    drop_check(id);
  } else {
    return base::success();
  }
  touch(service_id, true);
  notify();
  return base::success();
}

void Catalog::list(Instance& instance) {
  instance.listing = Listing::listed;
  if (instance.create_index == 0) instance.create_index = index_ + 1;
}

void Catalog::list_again(const std::string& id) {
  const auto found = instances_.find(id);
  if (found == instances_.end() || found->second.listing != Listing::reaped) return;
  if (status_of(found->second) == Status::critical) return;
  list(found->second);
  touch(id, true);
}

void Catalog::unlist(Instance& instance, Listing listing) {
  touch(instance.definition.id, true);
  instance.listing = listing;
  note_extinction(instance.definition.name);
}

void Catalog::erase(const std::string& id) {
  const auto found = instances_.find(id);
  touch(id, true);
  drop_checks(found->second, true);
  const std::string service = found->second.definition.name;
  instances_.erase(found);
  note_extinction(service);
}

// A service without instances is as unknown as one that never was, and so has their index.
void Catalog::note_extinction(const std::string& service) {
  if (!instances_of(service).empty()) return;
  indexes_.erase(service);
  extinction_index_ = index_;
}

// One more change, of the instance and its service, or of the node and with it of all.
void Catalog::touch(const std::string& service_id, bool registration) {
  ++index_;
  if (registration) services_index_ = index_;
  const auto found = instances_.find(service_id);
  if (found == instances_.end()) {
    node_index_ = index_;
    return;
  }
  if (registration) found->second.modify_index = index_;
  indexes_[found->second.definition.name] = index_;
}

void Catalog::notify() {
  if (changed_) changed_();
}

}  // namespace registry
