#include <unistd.h>

#include "cli/session/cluster_end.hpp"
#include "cli/session/place.hpp"
#include "cli/session/spawn.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

// A killed supervisor leaves its book behind, and perhaps processes: a new supervisor ends those before all else.
base::Result<bool> is_running(const Place& place) {
  const auto status = place.client().status();
  if (status) return true;
  if (status.error().code == base::ErrorCode::permission) return status.error();
  if (!supervisor_was_lost(place)) return false;
  if (launch_supervisor(place)) return true;
  // Its file has a mistake by now: what runs can be ended all the same.
  Place without_file = place;
  without_file.options.only_end = true;
  TRY(launch_supervisor(without_file));
  return true;
}

std::size_t widest(const std::vector<control::ServiceView>& views) {
  std::size_t width = 0;
  for (const auto& view : views) width = std::max(width, view.name.size());
  return width;
}

base::Result<void> take_down(const Place& place) {
  TRY(const control::StatusView status, place.client().status());
  TRY(const control::StartReply reply, place.client().down());
  TRY(follow_down(place, status.pid, reply.after, widest(reply.services), Style::for_descriptor(STDOUT_FILENO)));
  return base::success();
}

int down() {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto running = is_running(place.value());
  if (!running) return report(running.error());
  if (!running.value()) return say("nothing runs"), ok;
  const auto done = take_down(place.value());
  return done ? ok : report(done.error());
}

}  // namespace

void add_down(Verbs& verbs) {
  verbs.add("down", "Stop all services, dependents first, and the supervisor")
      .footer("Example:\n  msctl down")
      .run(down);
}

}  // namespace cli
