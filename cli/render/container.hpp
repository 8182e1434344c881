#pragma once
// A cluster as it looks from inside a container: ports are numbers, folders are those of the image, and other services
// have names. Internal to render; pure.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/render/environment.hpp"
#include "supervisor/spec/cluster.hpp"

namespace render {

inline constexpr const char* app_folder = "/app";
inline constexpr const char* config_file = "/etc/msctl/config.json";

// The cluster with the folders of an image, without the supervisor's registry, and with a number for each port: those
// that are 0 get 8080 (http), 9090 (grpc) or one from 10000 on.
spec::Cluster in_containers(const spec::Cluster& cluster);

// A text of the service with its ${…} replaced. `env` is where ${env:…} looks. Errors: invalid, when the text needs
// what a container does not have.
base::Result<std::string> container_text(const spec::Cluster& inside, const std::string& service,
                                         const std::string& text, const base::Json& env);

// The service's MSCTL_CONFIG document, bound to all addresses, with services by their names.
base::Json container_config(const spec::Cluster& inside, const spec::Service& service, const Environment& environment);

// Who connects to whom on which port.
struct Edge {
  std::string from;
  std::string to;
  std::string port;
  bool operator<(const Edge& other) const;
};

// From calls, routes, events and dependencies, each once. What is reached elsewhere (external, another broker) is not
// among them.
std::vector<Edge> edges_of(const spec::Cluster& cluster, const Environment& environment);

// The ports that the service reaches outside of the cluster.
std::vector<int> outside_ports(const spec::Cluster& cluster, const spec::Service& service,
                               const Environment& environment);

// What is not rendered: the cluster's own broker or PostgreSQL when the environment names another one, and
// makes_databases().
bool is_replaced(const spec::Cluster& cluster, const std::string& service, const Environment& environment);

// The job that msctl adds to make databases and roles on this machine (docs/cluster-file.md).
bool makes_databases(const spec::Cluster& cluster, const std::string& service);

}  // namespace render
