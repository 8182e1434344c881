#include "cli/session/standing.hpp"

#include <algorithm>
#include <functional>

#include "cli/session/place.hpp"

namespace cli {
namespace {

bool well(const std::string& state) { return state == "ready" || state == "completed"; }
bool ended(const std::string& state) { return state == "failed" || state == "stopped"; }
bool is_further_instance(const std::string& name) { return name.find('.') != std::string::npos; }

}  // namespace

Standing::Standing(const spec::Cluster& cluster, const std::vector<std::string>& wanted) : cluster_(cluster) {
  for (const auto& name : wanted) entries_[name] = {};
}

void Standing::set(const std::string& service, const std::string& state, const std::string& reason,
                   std::optional<std::uint64_t> log_from) {
  const auto found = entries_.find(service);
  if (found != entries_.end()) {
    found->second = {state, reason, log_from};
  } else if (is_further_instance(service) && entries_.contains(service_of(service))) {
    entries_[service] = {state, reason, log_from};
  }
}

void Standing::begin(const control::ServiceView& view) {
  if (!ended(view.state) && view.state != "completed" && !view.replacing)
    set(view.name, view.state, view.reason, view.log_from);
}

void Standing::follow(const control::EventView& event) {
  set(event.service, event.state, event.reason, event.log_from);
  if (event.state == "stopped" && is_further_instance(event.service)) entries_.erase(event.service);  // scaled away
}

bool Standing::meets(const spec::Dependency& dependency) const {
  const auto found = entries_.find(dependency.service);
  if (found == entries_.end()) return true;
  const std::string& state = found->second.state;
  switch (dependency.condition) {
    case spec::Condition::started:
      return well(state) || state == "starting" || state == "degraded";
    case spec::Condition::ready:
      return state == "ready";
    case spec::Condition::completed:
      return state == "completed";
  }
  return true;
}

bool Standing::never_meets(const spec::Dependency& dependency) const {
  const auto found = entries_.find(dependency.service);
  if (found == entries_.end() || meets(dependency)) return false;
  return found->second.state == "completed" || is_bad(dependency.service);
}

bool Standing::is_bad(const std::string& service) const {
  const auto found = entries_.find(service);
  if (found == entries_.end()) return false;
  if (found->second.state != "pending") return ended(found->second.state);
  const auto service_file = cluster_.services.find(service_of(service));
  if (service_file == cluster_.services.end()) return false;
  const auto& dependencies = service_file->second.depends_on;
  return std::any_of(dependencies.begin(), dependencies.end(),
                     [this](const auto& one) { return one.required && never_meets(one); });
}

std::string Standing::cause_of(const std::string& service) const {
  const auto service_file = cluster_.services.find(service_of(service));
  if (service_file == cluster_.services.end() || entries_.at(service).state != "pending") return service;
  std::string cause = service;
  for (const auto& dependency : service_file->second.depends_on) {
    if (!dependency.required || meets(dependency)) continue;
    if (never_meets(dependency)) return cause_of(dependency.service);
    if (cause == service) cause = cause_of(dependency.service);
  }
  return cause;
}

std::vector<Standing::Cause> Standing::causes_of(const std::vector<std::string>& services) const {
  std::map<std::string, std::vector<std::string>> blocked;
  for (const auto& name : services) {
    const std::string cause = cause_of(name);
    auto& others = blocked[cause];
    if (cause != name) others.push_back(name);
  }
  std::vector<Cause> causes;
  for (auto& [name, others] : blocked) causes.push_back({name, std::move(others)});
  return causes;
}

Verdict Standing::verdict() const {
  Verdict verdict = Verdict::all_well;
  for (const auto& [name, entry] : entries_) {
    if (well(entry.state)) continue;
    if (!is_bad(name)) return Verdict::waiting;
    verdict = Verdict::some_failed;
  }
  return verdict;
}

std::vector<std::string> Standing::bad() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (is_bad(name)) names.push_back(name);
  }
  return names;
}

std::vector<std::string> Standing::unfinished() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (!well(entry.state)) names.push_back(name);
  }
  return names;
}

std::size_t Standing::count(const std::string& state) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const auto& one) { return one.second.state == state; }));
}

bool Standing::any_active() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [this](const auto& one) { return one.second.state != "completed" && !is_bad(one.first); });
}

std::vector<std::string> with_required(const spec::Cluster& cluster, const std::vector<std::string>& names) {
  std::vector<std::string> order;
  std::set<std::string> seen;
  // The loader refused cycles, so the depth is bounded by the number of services.
  const std::function<void(const std::string&)> visit = [&](const std::string& name) {
    const auto service = cluster.services.find(name);
    if (service == cluster.services.end() || !seen.insert(name).second) return;
    for (const auto& dependency : service->second.depends_on) {
      if (dependency.required) visit(dependency.service);
    }
    order.push_back(name);
  };
  for (const auto& name : names) visit(name);
  if (names.empty()) {
    for (const auto& [name, service] : cluster.services) visit(name);
  }
  return order;
}

}  // namespace cli
