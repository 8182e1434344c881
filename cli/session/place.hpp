#pragma once
// Which cluster a command is about. Plain values.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/control/client.hpp"
#include "supervisor/spec/cluster.hpp"

namespace cli {

// Where a cluster is; its file need not be valid, so that `ps` and `down` work while somebody edits it.
struct Place {
  std::filesystem::path file;
  std::filesystem::path root;
  std::filesystem::path state;

  control::Client client() const { return control::Client(control::socket_path(state)); }
  std::filesystem::path log(const std::string& service) const { return state / "logs" / (service + ".log"); }
};

// `file` if it is not empty, else $MSCTL_FILE, else msctl.yaml here or in the nearest folder above.
// Errors: not_found.
base::Result<Place> find_place(const std::string& file = {});

// True when a supervisor ended without cleaning up, as after kill -9: its services may still run.
bool supervisor_was_lost(const Place& place);

// What to tell when no supervisor answers, with the next step.
std::string why_nobody_answers(const Place& place);

// The ports as the supervisor chose them, in place of the file's 0.
void overlay_ports(spec::Cluster& cluster, const std::vector<control::ServiceView>& views);

// What `ps` shows without a supervisor: every service of the file, stopped.
std::vector<control::ServiceView> stopped_views(const spec::Cluster& cluster);

// The supervisor keeps to what it read at its start. Errors: conflict when `wanted` names services it does not know.
base::Result<void> check_known_to_supervisor(const std::vector<std::string>& wanted,
                                             const std::vector<control::ServiceView>& views);

// The files of the cluster that were written less than `age` ago, by name.
std::vector<std::string> files_younger_than(const spec::Cluster& cluster, const Place& place,
                                            std::chrono::duration<double> age);

// Errors: not_found with the nearest known name.
base::Result<void> check_names(const spec::Cluster& cluster, const std::vector<std::string>& names);

}  // namespace cli
