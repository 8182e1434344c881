#pragma once
// The sentences that `up`, `down` and their kin print. Pure.

#include <optional>
#include <string>
#include <vector>

#include "cli/session/crash_report.hpp"
#include "cli/terminal/style.hpp"
#include "supervisor/control/wire.hpp"

namespace cli {

// "user-service  ready in 35 ms (pid 123)"; nothing for changes that are only of passing interest.
std::optional<std::string> event_line(const control::EventView& event, std::size_t name_width, const Style& style);

// "5 services ready in 412 ms", "4 services ready and 1 completed in 3.2 s (2 already ran)".
std::string total_line(std::size_t ready, std::size_t completed, std::size_t already, double seconds);

// The same of the way down: "3 services stopped in 80 ms"; when none had a process any more, that is said.
std::string end_line(std::size_t stopped, double seconds);

// The pid in "port 80 (http) is taken by pid 12 (nginx)"; 0 when a reason is another one.
int pid_in_the_way(const std::string& reason);

// 412 ms below ten seconds, then 12.3 s.
std::string format_elapsed(double seconds);

// Who has a port that a service needs.
struct PortHolder {
  int pid = 0;
  std::string command;  // its command line
  std::string service;  // when it is one of a cluster that msctl runs
  std::string cluster;  // the folder of that cluster; empty: this very cluster
};

struct Failure {
  std::string service;
  std::string state;
  std::string reason;
  std::string log;  // path as the user would type it
  std::vector<std::string> last_lines;
  std::vector<std::string> blocked;  // services that wait for this one
  std::vector<std::string> probes;   // the last answers, oldest first
  std::optional<PortHolder> holder;
  std::optional<CrashReport> crash;
};

// The block that explains a failed start: service, state, cause, last log lines, what the probes answered, who holds
// the port, the report of the crash, what to do next; what is not known is left out.
std::string failure_block(const Failure& failure, const Style& style);

// The same of a build. `status` is the native wait status; `problem`, when there is one, says why nothing ran.
std::string build_failure_block(const std::string& service, int status, const std::string& problem,
                                const std::string& log, const std::vector<std::string>& last_lines, const Style& style);

}  // namespace cli
