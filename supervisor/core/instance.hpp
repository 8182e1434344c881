#pragma once
// One instance's life as a pure table: step(state, event) gives the next state and what to do about it. No clock, no
// process, no I/O: supervisor/app carries the actions out and reports what happened as events.
// (The idea of a printed table of state × event is s6-supervise's.)

#include <cstdint>
#include <string_view>
#include <vector>

namespace core {

enum class State : std::uint8_t {
  pending,   // asked for, waits for its dependencies
  starting,  // process runs, not yet ready
  ready,
  degraded,    // runs and is booted, but not ready: not yet, or not any more
  stopping,    // asked to stop, process still there
  restarting,  // as stopping, and starts again afterwards; shown to users as `stopping`
  stopped,
  completed,  // exited by itself with success, policy says that is the end
  failed,     // exited or could not start, policy says that is the end
  backoff,    // waits to be started again
  count_
};

enum class Event : std::uint8_t {
  start,  // wanted: up, start
  stop,   // unwanted: down, stop
  restart,
  deps_met,       // every dependency meets its condition
  spawned,        // process exists
  spawn_failed,   // exec or set-up failed
  adopted,        // an earlier supervisor had started it, and it still runs
  boot_ok,        // came up, not ready yet; without a boot probe the first probe_ok says both
  probe_ok,       // ready now (also sent at once when there is no probe)
  probe_failed,   // failure threshold of readiness reached
  live_failed,    // failure threshold of liveness reached
  start_timeout,  // start_period passed without ready
  hold,           // a dependency crashed, and the edge says that this one must not run without it
  // An exit that follows a terminate for start_timeout or live_failed counts as bad, whatever its status.
  exited_final,   // process ended and the policy wants no further start; ended well
  exited_failed,  // process ended badly and the policy or limit wants no further start
  exited_again,   // process ended and the policy wants another start
  grace_over,     // stop_grace passed
  backoff_over,
  count_
};

enum class Action : std::uint8_t {
  await_deps,  // tell me deps_met when they are
  spawn,
  watch_ready,  // start probing; arm start_timeout
  unwatch,      // stop probing, disarm start_timeout; from here on no probe event may come for this process
  terminate,    // SIGTERM to the process group, arm grace (the exit disarms it); nothing when there is no process yet
  kill,         // SIGKILL to the process group
  arm_backoff,
  disarm_backoff,
  reset_backoff,  // an operator's start or restart forgets earlier crashes
};

struct Step {
  State state;
  std::vector<Action> actions;
  bool operator==(const Step&) const = default;
};

// Total: every state × event has an answer; an event that means nothing in a state changes nothing.
Step step(State state, Event event);

std::string_view name(State state);  // as users see it: restarting reads "stopping"
bool has_process(State state);       // starting, ready, degraded, stopping, restarting

}  // namespace core
