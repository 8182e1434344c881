#pragma once
// The exit codes of msctl, stable for scripts; docs/exit-codes.md says the same to users. The one place where an error
// becomes an exit code.

#include "base/error.hpp"

namespace cli {

enum ExitCode : int {
  ok = 0,
  failed = 1,
  usage = 2,  // wrong arguments, or a cluster file that cannot be read
  timed_out = 3,
  unhealthy = 4,
  contract_broken = 5,   // what others rely on would break
  threshold_missed = 6,  // a rule of a load run does not hold
  would_change = 7,      // a dry run found something to do
  invariant_broken = 8,  // a drill found something lost, done twice or stuck
  interrupted = 130,     // by SIGINT, as shells count it
};

inline ExitCode exit_code_of(const base::Error& error) {
  switch (error.code) {
    case base::ErrorCode::malformed:
    case base::ErrorCode::invalid:
    case base::ErrorCode::not_found:
      return usage;
    case base::ErrorCode::timeout:
      return timed_out;
    default:
      return failed;
  }
}

}  // namespace cli
