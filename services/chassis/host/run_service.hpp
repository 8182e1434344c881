#pragma once
// A service as a process: reads the configuration, builds the real Environment, runs until SIGTERM.
//
//   int main(int argc, char** argv) { return chassis::run_service(argc, argv, order_service::run); }

#include <functional>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/env/environment.hpp"

namespace chassis {

using Run = std::function<base::Task<base::Result<void>>(Environment&)>;

struct HostOptions {
  std::size_t io_threads = 1;
};

// The configuration is the file named by `--config FILE` or MSCTL_CONFIG. Returns the exit code: 0 after a drained
// stop, 1 when the service could not run, 2 for a usage error.
//
// It takes part in the protocols of its supervisor where that speaks them: listening sockets by LISTEN_FDS, readiness,
// status and watchdog by NOTIFY_SOCKET. A crash leaves its backtrace on standard error (crash.hpp).
int run_service(int argc, char** argv, const Run& run, HostOptions options = {});

}  // namespace chassis
