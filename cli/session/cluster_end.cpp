#include "cli/session/cluster_end.hpp"

#include <chrono>

#include "cli/session/spawn.hpp"
#include "cli/session/wording.hpp"
#include "cli/terminal/say.hpp"

namespace cli {
namespace {

constexpr std::chrono::milliseconds poll_wait{10'000};
constexpr std::chrono::milliseconds exit_timeout{15'000};

}  // namespace

base::Result<std::size_t> follow_down(const Place& place, pid_t supervisor, std::uint64_t after, std::size_t name_width,
                                      const Style& style) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t stopped = 0;
  for (;;) {
    const auto events = place.client().events(after, poll_wait);
    if (!events) break;
    for (const auto& event : events.value()) {
      after = event.seq;
      if (event.state == "stopped") ++stopped;
      if (const auto line = event_line(event, name_width, style)) say(*line);
    }
  }
  if (!await_process_end(supervisor, exit_timeout)) {
    return base::fail(base::ErrorCode::timeout, "the supervisor (pid " + std::to_string(supervisor) + ") does not end");
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  say(end_line(stopped, seconds));
  return stopped;
}

}  // namespace cli
