#include "cli/session/log_sources.hpp"

#include <algorithm>
#include <utility>

namespace cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".log";
constexpr std::string_view build_prefix = "build-";
constexpr const char* own_log = "supervisor";

// Names of all logs in the folder, without the ending.
std::vector<std::string> log_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.size() > ending.size() && name.ends_with(ending))
      names.push_back(name.substr(0, name.size() - ending.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// web before web.2, and that before web.10.
bool instance_before(const std::string& one, const std::string& two) {
  const std::string service_one = service_of(one);
  const std::string service_two = service_of(two);
  if (service_one != service_two) return service_one < service_two;
  return std::pair(one.size(), one) < std::pair(two.size(), two);
}

}  // namespace

base::Result<LogSources> LogSources::choose(const Place& place, const std::vector<std::string>& asked) {
  if (const auto mine = place.client().reachable(); !mine && mine.error().code == base::ErrorCode::permission) {
    return mine.error();
  }
  LogSources made;
  made.folder_ = place.state / "logs";
  made.asked_.insert(asked.begin(), asked.end());
  const auto there = log_names(made.folder_);
  const auto cluster = place.load();
  if (cluster) {
    for (const auto& [name, service] : cluster.value().services) made.services_.push_back(name);
  } else if (there.empty()) {
    return cluster.error();
  } else {
    for (const auto& name : there) {
      if (name != own_log && !name.starts_with(build_prefix)) made.services_.push_back(service_of(name));
    }
    made.services_.erase(std::unique(made.services_.begin(), made.services_.end()), made.services_.end());
  }
  for (const auto& name : asked) {
    if (name == own_log || std::binary_search(there.begin(), there.end(), name)) continue;
    if (!cluster) return cluster.error();
    const std::string service = service_of(name.starts_with(build_prefix) ? name.substr(build_prefix.size()) : name);
    if (cluster.value().services.contains(service)) continue;
    TRY(check_names(cluster.value(), {name}));
  }
  for (const auto& name : asked.empty() ? made.services_ : asked) made.width_ = std::max(made.width_, name.size());
  return made;
}

bool LogSources::wants(const std::string& instance) const {
  if (!asked_.empty()) return asked_.contains(instance) || asked_.contains(service_of(instance));
  return std::find(services_.begin(), services_.end(), service_of(instance)) != services_.end();
}

std::vector<std::string> LogSources::look() {
  std::vector<std::string> fresh;
  for (const auto& name : log_names(folder_)) {
    if (!wants(name) || !seen_.insert(name).second) continue;
    width_ = std::max(width_, name.size());
    fresh.push_back(name);
  }
  std::sort(fresh.begin(), fresh.end(), instance_before);
  return fresh;
}

std::size_t LogSources::rank(const std::string& instance) const {
  const auto found = std::find(services_.begin(), services_.end(), service_of(instance));
  return static_cast<std::size_t>(found - services_.begin());
}

}  // namespace cli
