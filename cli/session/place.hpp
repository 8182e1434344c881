#pragma once
// Which cluster a command is about. Plain values.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/control/client.hpp"
#include "supervisor/spec/cluster.hpp"

namespace cli {

// What a command line says about which cluster is meant.
struct PlaceOptions {
  std::vector<std::string> files;
  std::vector<std::string> profiles;
  std::vector<std::string> env_files;
  std::map<std::string, std::string> sanitize;  // service to sanitizer
  std::vector<std::string> mocks;               // services in whose place a stub runs
  bool no_mocks = false;                        // none of those that a running supervisor was started with
  std::string project;
  bool no_project = false;  // the cluster as it is written, whatever $MSCTL_PROJECT says
};

// Where a cluster is; its file need not be valid, so that `ps` and `down` work while somebody edits it.
struct Place {
  std::filesystem::path file;  // the first one
  std::filesystem::path root;
  std::filesystem::path state;
  spec::LoadOptions options;

  base::Result<spec::Cluster> load() const { return spec::load_cluster(options); }
  control::Client client() const { return control::Client(control::socket_path(state)); }
  std::filesystem::path log(const std::string& service) const { return state / "logs" / (service + ".log"); }
};

// The files that are named, else $MSCTL_FILE, else those a running supervisor was started with, else msctl.yaml here or
// in the nearest folder above. Likewise the project: named, or $MSCTL_PROJECT. What only
// reads and writes files asks for none (no_project), so that the free ports of a project are not taken for theirs.
// Errors: not_found, invalid.
base::Result<Place> find_place(const PlaceOptions& options = {});

// True when a supervisor ended without cleaning up, as after kill -9: its services may still run.
bool supervisor_was_lost(const Place& place);

// What to tell when no supervisor answers, with the next step.
std::string why_nobody_answers(const Place& place);

// Every instance of the cluster as the supervisor knows it. Errors: unavailable with the next step when it does not
// run.
base::Result<std::vector<control::ServiceView>> running_services(const Place& place);

// The cluster of the files with the ports of what runs. Errors: as load() and running_services().
base::Result<spec::Cluster> running_cluster(const Place& place);

// The ports as the supervisor chose them, in place of the file's 0.
void overlay_ports(spec::Cluster& cluster, const std::vector<control::ServiceView>& views);

// What `ps` shows without a supervisor: every service of the file, stopped.
std::vector<control::ServiceView> stopped_views(const spec::Cluster& cluster);

// Errors: not_found, with the nearest known name, or with the profile that a left out service needs. Instances such as
// web.2 count as their service.
base::Result<void> check_names(const spec::Cluster& cluster, const std::vector<std::string>& names);

// "web" of the instance "web.2".
std::string service_of(const std::string& instance);

}  // namespace cli
