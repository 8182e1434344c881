#pragma once
// The cluster as its files describe it: msctl.yaml at the root and a service.yaml in each service's folder, parsed,
// validated and joined. Plain values; load_cluster is pure but for reading those files. See docs/cluster-file.md.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace spec {

using Ms = std::chrono::milliseconds;

// How a probe asks. `port` names one of the service's ports; a tcp probe only connects.
enum class ProbeKind : std::uint8_t { http, tcp };

struct Probe {
  ProbeKind kind = ProbeKind::http;
  std::string port = "http";
  std::string path = "/health/ready";
  Ms interval{2000};       // between probes once ready; while starting the supervisor asks more often
  Ms timeout{1000};        // of one probe
  int failures = 3;        // in a row before the answer counts as bad
  Ms start_period{60000};  // how long a start may take until it has failed
};

enum class RestartPolicy : std::uint8_t { no, on_failure, always };

// Delay before restart n: random in [d/2, d] with d = min(first * 2^n, cap); n is reset after `stable` in state ready.
struct Restart {
  RestartPolicy policy = RestartPolicy::on_failure;
  Ms first{100};
  Ms cap{10000};
  Ms stable{10000};
  int limit = 10;  // restarts in a row until the instance has failed; 0 = no limit
};

// Condition that a dependency must meet before the dependent starts.
enum class Condition : std::uint8_t { started, ready, completed };

struct Dependency {
  std::string service;
  Condition condition = Condition::ready;
  bool required = true;  // false: only orders the two when both are asked for (the gateway after its upstreams)
};

// One public path at the gateway: requests under `prefix` go to `service` with the prefix replaced by `to`.
struct Route {
  std::string prefix;
  std::string to;
  std::string service;
};

// What a service asks another one for.
struct Call {
  std::string service;
  Ms timeout{5000};
};

struct Limits {
  std::int64_t body_bytes = 1 << 20;  // of a request body: 413 above
  int connections = 1024;             // open at once on the REST port
};

struct Build {
  std::vector<std::string> command;  // argv, run in the folder of msctl.yaml
};

struct Service {
  std::string name;
  std::string version;
  std::filesystem::path folder;                // working folder of the process, absolute
  std::vector<std::string> command;            // argv with ${…} still in it; see resolve()
  std::map<std::string, std::string> env;      // values may hold ${…}
  std::map<std::string, std::uint16_t> ports;  // name to number; 0 = a free one, chosen when the cluster starts
  std::string database;                        // "sqlite" or empty
  std::vector<std::string> publishes;          // event types
  std::vector<std::string> consumes;
  std::vector<Call> calls;
  std::vector<Route> routes;
  std::vector<Dependency> depends_on;  // explicit ones and those that follow from calls, broker and routes
  std::optional<Probe> ready;
  std::optional<Probe> live;
  Restart restart;
  Limits limits;
  Ms stop_grace{10000};  // from SIGTERM to SIGKILL
  std::optional<Build> build;
  bool gateway = false;  // receives every service's routes
};

// A command of the workspace itself, run by `msctl NAME` with the cluster's ports in its environment.
struct WorkspaceCommand {
  std::vector<std::string> command;
  std::string help;
};

struct Cluster {
  std::string name;             // default: the folder's name as a DNS label
  std::filesystem::path root;   // folder of msctl.yaml, absolute and canonical
  std::filesystem::path state;  // root/.msctl
  std::filesystem::path bin;    // folder of the running program: ${dir:bin}
  std::string broker;           // name of the service that is the broker, or empty
  std::map<std::string, Service> services;
  std::map<std::string, WorkspaceCommand> commands;
  std::vector<std::string> try_this;  // lines shown after `up`, ${…} allowed
};

// Reads and validates everything before it returns. Errors (malformed): one sentence a line, each as
// `msctl.yaml:7: services.web.command: expected a list of strings, got 9000`; unknown keys come with the nearest
// known one; cycles and unknown names in depends_on, calls and routes are errors as well.
base::Result<Cluster> load_cluster(const std::filesystem::path& file);

// msctl.yaml in `start` or the nearest folder above it. Errors: not_found, with the next step.
base::Result<std::filesystem::path> find_cluster_file(const std::filesystem::path& start);

// Replaces ${port:NAME}, ${port:SERVICE.NAME}, ${dir:root}, ${dir:state}, ${dir:data} (the service's own folder below
// the state folder), ${dir:service}, ${dir:bin} (the folder of the msctl binary) and ${env:NAME} or
// ${env:NAME:-default}; `$${` is a literal `${`. Errors: malformed, with what is known.
base::Result<std::string> resolve(const Cluster& cluster, const std::string& service, const std::string& text);

// Gives every port 0 a free number on 127.0.0.1, each different.
base::Result<void> assign_free_ports(Cluster& cluster);

// The document a chassis service reads at start (path in MSCTL_CONFIG); its shape is in docs/service-config.md.
base::Json service_config(const Cluster& cluster, const Service& service);

// The JSON Schema (draft 2020-12) that validates the two files.
const base::Json& cluster_schema();
const base::Json& service_schema();

}  // namespace spec
