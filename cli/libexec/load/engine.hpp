#pragma once
// Carries out a plan: looks up places, runs the setup, starts the threads, reports progress and adds up. Blocking; one
// run at a time in a process (it counts CPU time of its threads).

#include <functional>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/load/plan.hpp"

namespace load {

struct EngineCalls {
  // Some times a second, on the calling thread: {"event": "progress", …} with what came since the last one.
  std::function<void(const base::Json&)> progress;
  // Waits until there may be something to do, at most `ms`; true to stop the run early.
  std::function<bool(int ms)> pause;
};

// Whether the files that the plan names can be used: certificates, and protos with the methods and messages of its
// steps. Errors: as of carry_out.
base::Result<void> check_files(const Plan& plan);

// The result as docs/load.md describes it. Errors: permission and unavailable as in resolve.hpp, invalid (a file cannot
// be used), conflict (the setup failed, with why).
base::Result<base::Json> carry_out(const Plan& plan, const EngineCalls& calls);

}  // namespace load
