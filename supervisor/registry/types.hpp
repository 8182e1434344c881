#pragma once
// What the registry knows of a service and its checks, in Consul's words. Plain values.

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "supervisor/registry/duration.hpp"

namespace registry {

enum class Status : std::uint8_t { passing, warning, critical };

std::string_view name(Status status);

// Who says how a check is. ttl: the service, within each TTL. http, tcp: the registry asks. supervisor: the supervisor,
// from the instance's state. maintenance: always critical while it exists.
enum class CheckKind : std::uint8_t { ttl, http, tcp, supervisor, maintenance };

struct CheckDefinition {
  std::string id;  // empty: made from the service's id
  std::string name;
  std::string notes;
  CheckKind kind = CheckKind::ttl;
  Ms ttl{0};               // 0 = no limit (only for CheckKind::supervisor)
  Ms interval{10'000};     // between two questions
  Ms timeout{10'000};      // of one
  std::string target;      // http: URL, tcp: address:port, as they were given
  std::uint16_t port = 0;  // on 127.0.0.1: nothing else is ever asked
  std::string path;        // http
  Ms deregister_after{0};  // critical for that long: the service goes; 0 = never
  int successes = 0;       // in a row before it counts as passing, as failures below; 0 = at once
  int failures = 0;
  Status initial = Status::critical;
  bool initial_given = false;
};

struct ServiceDefinition {
  std::string id;
  std::string name;
  std::string address;  // empty: the node's
  std::uint16_t port = 0;
  std::vector<std::string> tags;
  std::map<std::string, std::string> meta;
  bool enable_tag_override = false;
  int weight_passing = 1;
  int weight_warning = 1;
  std::vector<CheckDefinition> checks;
};

// What the supervisor says of an instance that it runs. By port only the first one fits Consul's model; `meta` gets
// `port_NAME` for each named one, so that a client finds the one it speaks.
struct InstanceRegistration {
  std::string id;  // of the instance
  std::string name;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::vector<std::string> tags;
  std::map<std::string, std::string> meta;
  Ms ttl{30'000};               // set_health() must come that often; 0 = no limit
  Ms deregister_after{60'000};  // critical for that long: not listed any more until it passes again
  Status status = Status::critical;
};

struct Check {
  CheckDefinition definition;
  std::string service_id;  // empty: of the node
  Status status = Status::critical;
  std::string output;
  std::uint64_t create_index = 0;
  std::uint64_t modify_index = 0;
  std::uint64_t serial = 0;                           // another one after each registration
  base::Monotonic expires = base::Monotonic::max();   // of the TTL
  base::Monotonic next_run = base::Monotonic::max();  // http and tcp, while none runs
  base::Monotonic critical_since = base::Monotonic::max();
  int streak = 0;  // answers in a row that contradict `status`
};

// listed: clients see it. reaped: it was critical for too long, and comes back when it passes. left: it deregistered
// itself, and comes back only when it registers or starts again. The last two only for instances of the supervisor.
enum class Listing : std::uint8_t { listed, reaped, left };

struct Instance {
  ServiceDefinition definition;  // its checks live in the catalog
  bool supervised = false;
  bool registered_itself = false;
  Listing listing = Listing::listed;
  std::set<std::string> checks;  // ids
  std::uint64_t create_index = 0;
  std::uint64_t modify_index = 0;
};

// The one node that the registry is.
struct Node {
  std::string name = "msctl";
  std::string id;  // a UUID
  std::string datacenter = "dc1";
  std::string address = "127.0.0.1";
};

// A question that is due, for who can ask it.
struct Question {
  std::string check_id;
  std::uint64_t serial = 0;
  CheckKind kind = CheckKind::tcp;
  std::uint16_t port = 0;
  std::string path;
  Ms timeout{0};
};

}  // namespace registry
