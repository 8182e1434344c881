#include "cli/session/failure.hpp"

#include <unistd.h>

#include "cli/session/log_tail.hpp"
#include "cli/session/wording.hpp"
#include "cli/terminal/say.hpp"

namespace cli {
namespace {

constexpr std::size_t shown_log_lines = 10;

}  // namespace

void report_failure(const Place& place, const Standing& standing, const Standing::Cause& cause) {
  const auto entry = standing.entries().find(cause.service);
  if (entry == standing.entries().end()) return;
  const auto log = place.log(cause.service);
  Failure failure{cause.service, entry->second.state, entry->second.reason, log.string(), {}, cause.blocked};
  if (failure.state.empty()) failure.state = "not started";
  if (failure.state == "starting") failure.reason = "not ready yet (" + failure.reason + ")";
  if (entry->second.log_from) failure.last_lines = last_lines(log, shown_log_lines, *entry->second.log_from);
  say_error(failure_block(failure, Style::for_descriptor(STDERR_FILENO)));
}

}  // namespace cli
