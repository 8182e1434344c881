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
#include "supervisor/spec/contracts.hpp"

namespace spec {

using Ms = std::chrono::milliseconds;

// How a probe asks. http, tcp and grpc (grpc.health.v1) use the port named `port`; a tcp probe only connects; exec runs
// a command that must exit 0; log waits for a line that matches; notify waits for the process's own word (sd_notify).
enum class ProbeKind : std::uint8_t { http, tcp, grpc, exec, log, notify };

struct Probe {
  ProbeKind kind = ProbeKind::http;
  std::string port = "http";
  std::string path = "/health/ready";  // http: path; grpc: name of the service asked for; log: base::Pattern
  std::vector<std::string> command;    // exec: argv with ${…} still in it
  Ms interval{2000};                   // between probes once ready; while starting the supervisor asks more often
  Ms timeout{1000};                    // of one probe
  int failures = 3;                    // in a row before the answer counts as bad
  int successes = 1;                   // in a row before the answer counts as good
  Ms start_period{60000};              // how long a start may take until it has failed
};

enum class RestartPolicy : std::uint8_t { no, on_failure, always };

// Delay before restart n: random in [d/2, d] with d = min(first * 2^n, cap); n is reset after `stable` in state ready.
struct Restart {
  RestartPolicy policy = RestartPolicy::on_failure;
  Ms first{100};
  Ms cap{10000};
  Ms stable{10000};
  int limit = 10;                     // restarts in a row until the instance has failed; 0 = no limit
  std::vector<int> success_codes{0};  // exit codes that count as a good end
};

// Condition that a dependency must meet before the dependent starts.
enum class Condition : std::uint8_t { started, ready, completed };

// What becomes of the dependent when the dependency crashes while both run. ignore: nothing. hold: it is stopped at
// once and starts when the condition is met again. restart: it runs on and is restarted when the condition is met
// again.
enum class OnCrash : std::uint8_t { ignore, hold, restart };

struct Dependency {
  std::string service;
  Condition condition = Condition::ready;
  bool required = true;  // false: only orders the two when both are asked for (the gateway after its upstreams)
  OnCrash on_crash = OnCrash::ignore;
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
  std::string port = "grpc";  // of the callee; http where it has no gRPC
};

struct Limits {
  std::int64_t body_bytes = 1 << 20;  // of a request body: 413 above
  int connections = 1024;             // open at once on the REST port
};

// How to build and run a service with a sanitizer: `${sanitizer}` in both is address, undefined or thread.
struct SanitizedBuild {
  std::vector<std::string> command;  // argv, run in the folder of msctl.yaml
  std::string program;               // takes the place of the first word of the service's command
};

struct Build {
  std::vector<std::string> command;  // argv, run in the folder of msctl.yaml
  std::vector<std::string> inputs;   // globs relative to the folder of msctl.yaml, `**` crosses folders; for `--watch`
  std::optional<SanitizedBuild> sanitize;
};

// What the process may use; 0 = no limit. Enforced by cgroups where they can be written, else by rlimits.
struct Resources {
  std::int64_t memory_bytes = 0;
  double cpus = 0;  // cores, 0.5 = half of one
  int open_files = 0;
};

// How much of an instance's output is kept on disk: NAME.log and up to `files` - 1 older ones.
struct LogKeeping {
  std::int64_t max_bytes = 10 << 20;  // of one file
  int files = 5;
  int max_age_days = 14;
};

// What the registry tells of a service beside name, address and port.
struct Registration {
  std::vector<std::string> tags;
  std::map<std::string, std::string> meta;
};

// Where a service comes from. external: it lives elsewhere, is only probed, and is never started or stopped.
enum class Source : std::uint8_t { command, image, external };

struct External {
  std::string url;     // http://HOST:PORT or tcp://HOST:PORT
  std::string health;  // path asked at an http url; empty: only connect
};

struct Service {
  std::string name;
  std::string instance;  // NAME for the first instance, NAME.2, NAME.3, … for further ones
  std::string version;
  Source source = Source::command;
  std::string image;                            // for Source::image
  std::optional<External> external;             // for Source::external
  std::filesystem::path home;                   // folder of its service.yaml or of msctl.yaml: ${dir:service}
  std::filesystem::path folder;                 // working folder of the process, absolute
  std::vector<std::string> command;             // argv with ${…} still in it; see resolve()
  std::map<std::string, std::string> env;       // values may hold ${…}
  std::map<std::string, std::uint16_t> ports;   // name to number; 0 = a free one, chosen when the cluster starts
  std::map<std::string, std::uint16_t> fronts;  // ports before which a gate stands: what others are told instead
  std::vector<std::string> sockets;             // ports that the supervisor binds and hands over (LISTEN_FDS)
  int replicas = 1;
  std::vector<std::string> profiles;   // part of the cluster only with one of these; empty: always
  std::string database;                // "sqlite", "postgres" or empty
  std::vector<std::string> publishes;  // event types
  std::vector<std::string> consumes;
  std::vector<Call> calls;
  std::vector<Route> routes;
  std::vector<Dependency> depends_on;  // explicit ones and those that follow from calls, broker, database and routes
  std::optional<Probe> boot;           // until it succeeds, the others are not asked
  std::optional<Probe> ready;
  std::optional<Probe> live;
  Restart restart;
  Resources resources;
  LogKeeping logs;
  Registration registration;
  Limits limits;
  Ms stop_grace{10000};  // from SIGTERM to SIGKILL
  std::optional<Build> build;
  Contracts contracts;
  bool gateway = false;  // receives every service's routes
  bool is_mock = false;  // a stub by its consumers' contracts runs in its place
};

// The Consul-compatible registry that the supervisor serves on 127.0.0.1.
struct Registry {
  bool enabled = true;
  std::uint16_t port = 8500;
  bool port_given = false;  // false: another port is taken when that one is not free
};

// A command of the workspace itself, run by `msctl NAME` with the cluster's ports in its environment.
struct WorkspaceCommand {
  std::vector<std::string> command;
  std::string help;
};

// A text whose meaning depends on variables and files that are looked at when it is used.
struct LateText {
  std::string service;  // empty: of the workspace
  std::string text;
  std::string key;    // the variable it becomes, or empty
  std::string where;  // `msctl.yaml:7: services.web.env.TOKEN`
};

struct Cluster {
  std::string name;                        // default: the folder's name as a DNS label
  std::string project;                     // empty, or the name of this copy of the cluster
  std::filesystem::path root;              // folder of the first msctl.yaml, absolute and canonical
  std::filesystem::path state;             // root/.msctl, or root/.msctl/projects/PROJECT
  std::filesystem::path bin;               // folder of the running program: ${dir:bin}
  std::string broker;                      // name of the service that is the broker, or empty
  std::string broker_kind = "nats";        // what it speaks, and the scheme of its URL: "nats" or "redis"
  std::string postgres;                    // name of the service that is PostgreSQL, or empty
  std::map<std::string, std::string> env;  // from env files; ${env:…} looks here after the process's own environment
  Registry registry;
  std::map<std::string, Service> services;
  std::map<std::string, WorkspaceCommand> commands;
  std::vector<std::string> try_this;                         // lines shown after `up`, ${…} allowed
  std::vector<std::filesystem::path> files;                  // all that it was read from, absolute
  std::map<std::string, std::vector<std::string>> left_out;  // services that no chosen profile has, to their profiles
  std::vector<LateText> late_texts;
};

// Which files make the cluster, and which parts of them.
struct LoadOptions {
  std::vector<std::filesystem::path> files;      // at least one; later ones are laid over earlier ones
  std::vector<std::string> profiles;             // whose services count besides those without; empty: of key `profiles`
  std::vector<std::filesystem::path> env_files;  // NAME=value lines
  std::map<std::string, std::string> sanitize;   // service to address, undefined or thread: built and run with it
  std::vector<std::string> mocks;                // services in whose place a stub runs
  bool only_end = false;                         // nothing is read or started: what still runs is to be ended
  std::string project;                           // not empty: a copy of its own, all ports free ones
  std::vector<std::string> reserved;             // names that no command of the cluster may have; never sent or kept
};

// Reads and validates everything. Errors (malformed): a sentence a line, as `msctl.yaml:7: services.web.command:
// expected a list of strings, got 9000`; unknown keys and names with the nearest known one; cycles of services, too.
base::Result<Cluster> load_cluster(const LoadOptions& options);
base::Result<Cluster> load_cluster(const std::filesystem::path& file);

// What can only be known where the services start: every ${env:NAME} of them is set or has a default, every ${file:…}
// can be read and is closed to others when it holds a secret (see secrets.hpp). `services` empty: all. Errors:
// malformed, a mistake a line with file, line and key, and what to do.
base::Result<void> check_environment(const Cluster& cluster, const std::vector<std::string>& services = {});

// msctl.yaml in `start` or the nearest folder above it. Errors: not_found, with the next step.
base::Result<std::filesystem::path> find_cluster_file(const std::filesystem::path& start);

// Replaces ${port:NAME}, ${port:SERVICE.NAME}, ${dir:root}, ${dir:state}, ${dir:data} (the service's own folder below
// the state folder), ${dir:service}, ${dir:bin} (the folder of the msctl binary), ${env:NAME} or ${env:NAME:-default},
// and ${file:PATH} (its content without the newlines at the end; relative to the root, at most 64 KiB); `$${` is a
// literal `${`. Errors: malformed, with what is known.
base::Result<std::string> resolve(const Cluster& cluster, const std::string& service, const std::string& text);

// Numbers that ports had before: SERVICE.NAME to number.
using RememberedPorts = std::map<std::string, std::uint16_t>;

// Gives every port 0 a number on 127.0.0.1, each different: the remembered one if there is one, else a free one.
base::Result<void> assign_free_ports(Cluster& cluster, const RememberedPorts& remembered = {});

// The service as its instance `number` (from 1) sees it: its name; from 2 on, port 0 where no held socket is.
Service instance_of(const Service& service, int number);

// The ports as others reach them: those in `fronts`, and its own.
std::map<std::string, std::uint16_t> public_ports(const Service& service);

// The document a chassis service reads at start (path in MSCTL_CONFIG); its shape is in docs/service-config.md.
base::Json service_config(const Cluster& cluster, const Service& service);

// The JSON Schema (draft 2020-12) that validates the two files.
const base::Json& cluster_schema();
const base::Json& service_schema();

}  // namespace spec
