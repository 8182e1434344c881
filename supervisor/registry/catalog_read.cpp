#include <algorithm>

#include "supervisor/registry/catalog.hpp"

namespace registry {

std::uint64_t Catalog::index_of(const std::string& service) const {
  const auto found = indexes_.find(service);
  return std::max(node_index_, found == indexes_.end() ? extinction_index_ : found->second);
}

bool Catalog::knows(const std::string& id) const { return checks_.contains(std::string(supervisor_prefix) + id); }

std::vector<const Instance*> Catalog::instances() const {
  std::vector<const Instance*> list;
  for (const auto& [id, instance] : instances_) {
    if (instance.listing == Listing::listed) list.push_back(&instance);
  }
  return list;
}

std::vector<const Instance*> Catalog::instances_of(const std::string& service) const {
  std::vector<const Instance*> list;
  for (const auto& [id, instance] : instances_) {
    if (instance.listing == Listing::listed && instance.definition.name == service) list.push_back(&instance);
  }
  return list;
}

const Instance* Catalog::find(const std::string& id) const {
  const auto found = instances_.find(id);
  return found == instances_.end() || found->second.listing != Listing::listed ? nullptr : &found->second;
}

std::vector<const Check*> Catalog::checks() const {
  std::vector<const Check*> list;
  for (const auto& [id, check] : checks_) {
    if (check.service_id.empty() || find(check.service_id) != nullptr) list.push_back(&check);
  }
  return list;
}

std::vector<const Check*> Catalog::node_checks() const {
  std::vector<const Check*> list;
  for (const auto& id : node_checks_) list.push_back(&checks_.at(id));
  return list;
}

std::vector<const Check*> Catalog::checks_of(const Instance& instance) const {
  std::vector<const Check*> list;
  for (const auto& id : instance.checks) list.push_back(&checks_.at(id));
  return list;
}

Status Catalog::status_of(const Instance& instance) const {
  Status worst = Status::passing;
  for (const auto& ids : {instance.checks, node_checks_}) {
    for (const auto& id : ids) worst = std::max(worst, checks_.at(id).status);
  }
  return worst;
}

std::vector<const Instance*> Catalog::self_registered() const {
  std::vector<const Instance*> list;
  for (const auto& [id, instance] : instances_) {
    if (instance.registered_itself) list.push_back(&instance);
  }
  return list;
}

}  // namespace registry
