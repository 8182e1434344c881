#pragma once
// The faults of a drill as they are named on the command line, and what they need. Pure.

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/control/faults.hpp"
#include "supervisor/spec/cluster.hpp"

namespace drill {

using Ms = std::chrono::milliseconds;

// One fault: what the supervisor is asked for, in one piece or several (a cut has two directions when both call each
// other).
struct Fault {
  std::string text;  // "slow nats 50ms"
  std::vector<control::FaultRequest> requests;
  bool lasts = false;              // it is ended after a while; `kill` is over at once
  std::vector<std::string> gates;  // services before which a gate must stand
};

struct Wishes {
  bool blackhole = false;  // of cuts: nothing gets through and nobody is told, instead of resets
};

// FAULT…: `kill S`, `pause S`, `slow S 200ms`, `cut A B`, `refuse S`, `hang S`, `throttle S 10kB`, `pieces S 7`,
// `corrupt S 1000`, one behind the other. S is a service, for kill and pause also an instance. Errors: malformed (with
// what was expected), not_found (with the nearest name), invalid (no gate can stand there, with why).
base::Result<std::vector<Fault>> plan(const std::vector<std::string>& words, const spec::Cluster& cluster,
                                      const Wishes& wishes);

// "200ms", "2s", "1.5s", "3m". Errors: malformed.
base::Result<Ms> duration(const std::string& text);
// "10kB", "1MB", "500B": a thousand each. Errors: malformed.
base::Result<std::int64_t> size(const std::string& text);

}  // namespace drill
