#pragma once
// A service while the supervisor runs it: its instances, those on their way out, and a rolling restart. Plain data of
// the supervisor; one thread.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/app/instance.hpp"
#include "supervisor/core/graph.hpp"

namespace app {

// Replaces instances one after the other: the successor of one gets ready before that one is asked to stop.
struct Roll {
  std::deque<int> left;                    // numbers still to replace
  int current = 0;                         // 0: none
  std::optional<ports::ProcessId> before;  // its process then
  std::unique_ptr<Instance> successor;     // of `current`; null when it is restarted in place
};

struct Runtime {
  ServicePtr service;
  int replicas = 1;
  std::vector<std::unique_ptr<Instance>> instances;  // by number
  std::vector<std::unique_ptr<Instance>> leaving;    // scaled away, replaced or removed from the files
  std::unique_ptr<Roll> roll;
  bool outdated = false;                              // the files changed during the roll: to look at after it
  bool removed = false;                               // from the files: goes once nothing of it runs
  std::map<std::uint16_t, std::uint16_t> moved = {};  // ports before which a gate stands, to where the process is then
  bool alone = false;                                 // started without waiting for its dependencies

  Instance* numbered(int number) const;
  // Instances that count, those that leave and a successor.
  std::vector<Instance*> all() const;
  bool any(const std::function<bool(const Instance&)>& is) const;
};

// "web.2" is instance 2 of web; a plain name is a service. Instance 0: all.
struct Target {
  std::string service;
  int number = 0;
};
Target target_of(const std::string& name);

bool is_active(const Instance& instance);

// It has a process that is not on its way out already.
bool is_replaceable(const Instance& instance);

// The service as its instance `number` sees it, with the ports that were moved; ports of its own may still be 0.
spec::Service moved_service(const Runtime& runtime, spec::Service own);

// Who must be there before whom.
core::Graph graph_of(const std::map<std::string, Runtime>& services);

// Whether two processes of it can run side by side: whatever port it has is a held socket.
bool can_surge(const spec::Service& service);

}  // namespace app
