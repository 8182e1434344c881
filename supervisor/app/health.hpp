#pragma once
// Asks every running service's live and ready probe afresh, as far as asking makes sense: what a command, a line of its
// log or the process itself said is taken from its watch. One thread.

#include <functional>
#include <vector>

#include "supervisor/app/watch.hpp"
#include "supervisor/control/wire.hpp"
#include "supervisor/core/instance.hpp"
#include "supervisor/ports/prober.hpp"
#include "supervisor/ports/timers.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

struct Patient {
  const spec::Service* service;  // must stay until the callback
  core::State state;
  const Watch* watch = nullptr;  // of its process, if it has one
};

// The callback comes once all have answered or their probes' timeouts are over, never from inside the call.
void examine(const std::vector<Patient>& patients, ports::Prober& prober, ports::Timers& timers,
             std::function<void(control::HealthReport)> callback);

// What an answer says: an HTTP body like {"status": "ready", "checks": {"database": {"status": "up", …}}} is passed on
// check by check; any other body only counts by its HTTP status.
control::ProbeView read_answer(const ports::Answer& answer);

}  // namespace app
