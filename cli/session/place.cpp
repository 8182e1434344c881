#include "cli/session/place.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "cli/session/verb_names.hpp"
#include "supervisor/spec/load_options.hpp"
#include "supervisor/spec/suggest.hpp"

namespace cli {
namespace fs = std::filesystem;

namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

base::Result<fs::path> real_file(const std::string& text) {
  std::error_code error;
  const fs::path real = fs::canonical(text, error);
  if (error) return base::fail(base::ErrorCode::not_found, "cannot open " + text + ": " + error.message());
  if (fs::is_directory(real)) {
    return base::fail(base::ErrorCode::not_found, real.string() + " is a folder; name the msctl.yaml in it");
  }
  return real;
}

// How the running supervisor was started, so that `ps` and its kin need not be told again.
std::optional<spec::LoadOptions> remembered_options(const fs::path& state) {
  std::ifstream in(state / "run" / "launch.json", std::ios::binary);
  if (!in) return std::nullopt;
  const auto json = base::parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!json) return std::nullopt;
  auto options = spec::load_options(json.value());
  return options ? std::optional(std::move(options.value())) : std::nullopt;
}

}  // namespace

base::Result<Place> find_place(const PlaceOptions& options) {
  Place place;
  std::vector<std::string> files = options.files;
  if (files.empty() && !from_environment("MSCTL_FILE").empty()) files.push_back(from_environment("MSCTL_FILE"));
  const bool is_named = !files.empty();
  if (!is_named) {
    TRY(const fs::path found, spec::find_cluster_file(fs::current_path()));
    files.push_back(found.string());
  }
  for (const auto& file : files) {
    TRY(fs::path real, real_file(file));
    place.options.files.push_back(std::move(real));
  }
  for (const auto& file : options.env_files) place.options.env_files.push_back(fs::absolute(file));
  place.options.profiles = options.profiles;
  place.options.sanitize = options.sanitize;
  if (!options.no_project) {
    place.options.project = options.project.empty() ? from_environment("MSCTL_PROJECT") : options.project;
  }
  place.file = place.options.files.front();
  place.root = place.file.parent_path();
  TRY(place.state, spec::state_folder(place.root, place.options.project));
  const bool is_plain = !is_named && options.profiles.empty() && options.env_files.empty() && options.sanitize.empty();
  if (const auto before = is_plain ? remembered_options(place.state) : std::nullopt) {
    if (before->files.front().parent_path() == place.root) place.options = *before;
  }
  // A choice of its own: what else a running supervisor was started with stays.
  if (options.no_mocks || !options.mocks.empty()) place.options.mocks = options.mocks;
  place.options.reserved.assign(verb_names.begin(), verb_names.end());
  return place;
}

std::string service_of(const std::string& instance) { return instance.substr(0, instance.find('.')); }

bool supervisor_was_lost(const Place& place) {
  std::error_code ignored;
  return std::filesystem::exists(place.state / "run" / "instances.json", ignored);
}

std::string why_nobody_answers(const Place& place) {
  if (!supervisor_was_lost(place)) return "the cluster does not run; start it with: msctl up";
  return "the supervisor is gone and its services may still run; start anew with: msctl up, or end them with: msctl "
         "down";
}

base::Result<std::vector<control::ServiceView>> running_services(const Place& place) {
  auto views = place.client().services();
  if (views || views.error().code != base::ErrorCode::unavailable) return views;
  return base::fail(base::ErrorCode::unavailable, why_nobody_answers(place));
}

base::Result<spec::Cluster> running_cluster(const Place& place) {
  TRY(auto cluster, place.load());
  TRY(const auto views, running_services(place));
  overlay_ports(cluster, views);
  return cluster;
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

base::Result<void> check_names(const spec::Cluster& cluster, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const auto& [name, service] : cluster.services) known.push_back(name);
  for (const auto& name : names) {
    if (cluster.services.contains(service_of(name))) continue;
    if (const auto left_out = cluster.left_out.find(service_of(name)); left_out != cluster.left_out.end()) {
      std::string profiles;
      for (const auto& one : left_out->second) profiles += (profiles.empty() ? "" : " or ") + one;
      return base::fail(base::ErrorCode::not_found, "service `" + name + "` is only there with profile " + profiles +
                                                        ": msctl up --profile " + left_out->second.front());
    }
    std::string text = "no service `" + name + "` in " + (cluster.root / "msctl.yaml").string();
    const std::string near = spec::nearest(name, known);
    if (!near.empty()) text += "; did you mean `" + near + "`?";
    return base::fail(base::ErrorCode::not_found, std::move(text));
  }
  return base::success();
}

}  // namespace cli
