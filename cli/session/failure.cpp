#include "cli/session/failure.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/session/core_dump.hpp"
#include "cli/session/port_holder.hpp"
#include "cli/session/wording.hpp"
#include "cli/terminal/say.hpp"
#include "supervisor/logs/reader.hpp"

namespace cli {
namespace {

constexpr std::size_t shown_log_lines = 10;
constexpr std::size_t shown_probes = 5;

std::vector<std::string> probes_of(const Place& place, const std::string& instance) {
  const auto views = place.client().services();
  if (!views) return {};
  for (const auto& view : views.value()) {
    if (view.name != instance) continue;
    const auto& probes = view.probes;
    return {probes.end() - static_cast<std::ptrdiff_t>(std::min(probes.size(), shown_probes)), probes.end()};
  }
  return {};
}

// The report that the process wrote stands for its last lines; one from a core comes after them.
void add_output(Failure& failure, const Place& place, std::int64_t since_us) {
  const auto lines = logs::last_records(failure.log, searched_log_lines, since_us);
  failure.crash = find_crash_report(lines);
  if (failure.crash) return;
  const std::size_t shown = std::min(lines.size(), shown_log_lines);
  for (auto line = lines.end() - static_cast<std::ptrdiff_t>(shown); line != lines.end(); ++line) {
    failure.last_lines.push_back(line->text);
  }
  if (failure.reason.find("core dumped") == std::string::npos) return;
  failure.crash = backtrace_from_core(place, failure.service, since_us);
}

}  // namespace

void report_failure(const Place& place, const Standing& standing, const Standing::Cause& cause) {
  const auto entry = standing.entries().find(cause.service);
  if (entry == standing.entries().end()) return;
  const auto& [state, reason, log_from] = entry->second;
  Failure failure{cause.service, state, reason, place.log(cause.service).string(), {}, cause.blocked};
  if (state.empty()) failure.state = "not started";
  if (state == "starting") failure.reason = "not ready yet (" + reason + ")";
  if (log_from) add_output(failure, place, static_cast<std::int64_t>(*log_from));
  failure.probes = probes_of(place, cause.service);
  if (const int pid = pid_in_the_way(reason); pid != 0) failure.holder = port_holder(pid, place.state);
  say_error(failure_block(failure, Style::for_descriptor(STDERR_FILENO)));
}

}  // namespace cli
