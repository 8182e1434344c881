#include "cli/session/place.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "supervisor/spec/suggest.hpp"

namespace cli {
namespace fs = std::filesystem;

base::Result<Place> find_place(const std::string& file) {
  const char* from_environment = std::getenv("MSCTL_FILE");
  fs::path found = file;
  if (found.empty() && from_environment != nullptr) found = from_environment;
  if (found.empty()) {
    TRY(found, spec::find_cluster_file(fs::current_path()));
  }
  std::error_code error;
  const fs::path real = fs::canonical(found, error);
  if (error) return base::fail(base::ErrorCode::not_found, "cannot open " + found.string() + ": " + error.message());
  if (fs::is_directory(real)) {
    return base::fail(base::ErrorCode::not_found, real.string() + " is a folder; name the msctl.yaml in it");
  }
  return Place{real, real.parent_path(), real.parent_path() / ".msctl"};
}

bool supervisor_was_lost(const Place& place) {
  std::error_code ignored;
  return std::filesystem::exists(place.state / "run" / "instances.json", ignored);
}

std::string why_nobody_answers(const Place& place) {
  if (!supervisor_was_lost(place)) return "the cluster does not run; start it with: msctl up";
  return "the supervisor is gone and its services may still run; start anew with: msctl up, or end them with: msctl "
         "down";
}

void overlay_ports(spec::Cluster& cluster, const std::vector<control::ServiceView>& views) {
  for (const auto& view : views) {
    const auto service = cluster.services.find(view.name);
    if (service == cluster.services.end()) continue;
    for (auto& [name, number] : service->second.ports) {
      const auto chosen = view.ports.find(name);
      if (chosen != view.ports.end()) number = chosen->second;
    }
  }
}

std::vector<control::ServiceView> stopped_views(const spec::Cluster& cluster) {
  std::vector<control::ServiceView> views;
  for (const auto& [name, service] : cluster.services) {
    control::ServiceView view;
    view.name = name;
    view.state = "stopped";
    view.ports = service.ports;
    views.push_back(std::move(view));
  }
  return views;
}

base::Result<void> check_known_to_supervisor(const std::vector<std::string>& wanted,
                                             const std::vector<control::ServiceView>& views) {
  std::string unknown;
  for (const auto& name : wanted) {
    const bool known = std::any_of(views.begin(), views.end(), [&](const auto& view) { return view.name == name; });
    if (!known) unknown += (unknown.empty() ? "" : ", ") + name;
  }
  if (unknown.empty()) return base::success();
  return base::fail(base::ErrorCode::conflict, "the cluster file has changed since the supervisor started (new: " +
                                                   unknown + "): run msctl down, then msctl up");
}

std::vector<std::string> files_younger_than(const spec::Cluster& cluster, const Place& place,
                                            std::chrono::duration<double> age) {
  std::set<std::filesystem::path> files{place.file};
  for (const auto& [name, service] : cluster.services) files.insert(service.folder / "service.yaml");
  const auto since = std::filesystem::file_time_type::clock::now() -
                     std::chrono::duration_cast<std::filesystem::file_time_type::duration>(age);
  std::vector<std::string> younger;
  for (const auto& file : files) {
    std::error_code error;
    const auto written = std::filesystem::last_write_time(file, error);
    if (!error && written > since) younger.push_back(file.lexically_proximate(place.root).string());
  }
  return younger;
}

base::Result<void> check_names(const spec::Cluster& cluster, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const auto& [name, service] : cluster.services) known.push_back(name);
  for (const auto& name : names) {
    if (cluster.services.contains(name)) continue;
    std::string text = "no service `" + name + "` in " + (cluster.root / "msctl.yaml").string();
    const std::string near = spec::nearest(name, known);
    if (!near.empty()) text += "; did you mean `" + near + "`?";
    return base::fail(base::ErrorCode::not_found, std::move(text));
  }
  return base::success();
}

}  // namespace cli
