// The checks in the catalog: what adds, changes and removes them.
#include <algorithm>

#include "supervisor/registry/catalog.hpp"

namespace registry {
namespace {

base::Error unknown_check(const std::string& id) {
  return base::fail(base::ErrorCode::not_found,
                    "Unknown check ID \"" + id + "\". Ensure that the check ID is passed, not the check name.");
}

}  // namespace

base::Result<void> Catalog::register_check(CheckDefinition definition, const std::string& service_id) {
  if (definition.id.empty()) definition.id = definition.name;
  if (!service_id.empty() && find(service_id) == nullptr) {
    return base::fail(base::ErrorCode::not_found, "ServiceID \"" + service_id + "\" does not exist");
  }
  TRY(may_add(definition, service_id));
  add_check(std::move(definition), service_id);
  touch(service_id, true);
  notify();
  return base::success();
}

base::Result<void> Catalog::deregister_check(const std::string& id) {
  const auto found = checks_.find(id);
  if (found == checks_.end()) return unknown_check(id);
  if (found->second.definition.kind == CheckKind::supervisor) {
    return base::fail(base::ErrorCode::permission, "Permission denied: " + id + " is the supervisor's own check");
  }
  const std::string service_id = found->second.service_id;
  drop_check(id);
  touch(service_id, true);
  notify();
  return base::success();
}

base::Result<void> Catalog::update_check(const std::string& id, Status status, const std::string& output) {
  const auto found = checks_.find(id);
  if (found == checks_.end()) return unknown_check(id);
  if (found->second.definition.kind != CheckKind::ttl) {
    return base::fail(base::ErrorCode::conflict, "CheckID \"" + id + "\" does not have associated TTL");
  }
  set_status(found->second, status, output);
  start_clock(found->second);
  list_again(found->second.service_id);
  notify();
  return base::success();
}

base::Result<void> Catalog::may_add(const CheckDefinition& definition, const std::string& service_id) const {
  if (definition.id.starts_with(supervisor_prefix)) {
    return base::fail(base::ErrorCode::permission, "Permission denied: check IDs that begin with " +
                                                       std::string(supervisor_prefix) + " are the supervisor's");
  }
  if (checks_.contains(definition.id)) return base::success();
  const auto instance = instances_.find(service_id);
  const bool full = service_id.empty()
                        ? node_checks_.size() >= max_node_checks
                        : instance != instances_.end() && instance->second.checks.size() >= max_checks_of_one;
  if (full) return base::fail(base::ErrorCode::too_large, "too many checks");
  return base::success();
}

// Ids are unique on the node, so a check of another service under this id goes.
void Catalog::add_check(CheckDefinition definition, const std::string& service_id) {
  const std::string id = definition.id;
  const auto old = checks_.find(id);
  const bool same =
      old != checks_.end() && old->second.service_id == service_id && old->second.definition.kind == definition.kind;
  Check check;
  check.status = same && !definition.initial_given ? old->second.status : definition.initial;
  if (same) {
    check.output = old->second.output;
    check.create_index = old->second.create_index;
    if (check.status == Status::critical) check.critical_since = old->second.critical_since;
  }
  if (old != checks_.end()) drop_check(id);
  check.definition = std::move(definition);
  check.service_id = service_id;
  check.serial = ++last_serial_;
  check.modify_index = index_ + 1;
  if (check.create_index == 0) check.create_index = check.modify_index;
  const auto now = clock_.monotonic();
  if (check.status == Status::critical) check.critical_since = std::min(check.critical_since, now);
  const auto kind = check.definition.kind;
  if (kind == CheckKind::http || kind == CheckKind::tcp) check.next_run = now;
  start_clock(check);
  checks_.emplace(id, std::move(check));
  (service_id.empty() ? node_checks_ : instances_[service_id].checks).insert(id);
}

void Catalog::drop_check(const std::string& id) {
  const auto found = checks_.find(id);
  if (found == checks_.end()) return;
  const auto owner = instances_.find(found->second.service_id);
  if (owner != instances_.end()) owner->second.checks.erase(id);
  node_checks_.erase(id);
  checks_.erase(found);
}

void Catalog::drop_checks(Instance& instance, bool supervisor_too) {
  for (const auto& id : std::set<std::string>(instance.checks)) {
    if (supervisor_too || !id.starts_with(supervisor_prefix)) drop_check(id);
  }
}

}  // namespace registry
