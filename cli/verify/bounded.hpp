#pragma once
// A program of ours or of the machine, run to its end or to the end of patience. Blocking; thread-safe.

#include <functional>

#include "base/result.hpp"
#include "cli/program/program.hpp"
#include "cli/verify/world.hpp"

namespace verify {

// The program runs in a process group of its own; when its time is over, or `must_end` says so (asked every 20 ms), the
// group is killed. Errors: not_found (no such program), timeout, cancelled, internal.
base::Result<program::Output> run_bounded(const Ask& ask, const std::function<bool()>& must_end);

}  // namespace verify
