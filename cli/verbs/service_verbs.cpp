// start, stop and restart: one service, awaited until it is where it should be.

#include <unistd.h>

#include <chrono>
#include <memory>

#include "cli/session/log_tail.hpp"
#include "cli/session/place.hpp"
#include "cli/session/wording.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Wish {
  std::string verb;
  std::string service;
  int timeout_s = 120;
};

bool is_end(const std::string& state) { return state == "stopped" || state == "completed" || state == "failed"; }

// Exit code once the service's state decides it, else -1.
int decided(const Wish& wish, const std::string& state) {
  if (wish.verb == "stop") return is_end(state) ? ok : -1;
  if (state == "ready" || state == "completed") return ok;
  if (state == "failed") return failed;
  return -1;
}

int follow(const Place& place, const Wish& wish, std::uint64_t after) {
  const Style style = Style::for_descriptor(STDOUT_FILENO);
  const auto deadline = Clock::now() + std::chrono::seconds(wish.timeout_s);
  while (Clock::now() < deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const auto events = place.client().events(after, std::min(left, std::chrono::milliseconds(10'000)));
    if (!events) return report(events.error());
    for (const auto& event : events.value()) {
      after = event.seq;
      if (const auto line = event_line(event, event.service.size(), style)) say(*line);
      if (event.service != wish.service) continue;
      const int code = decided(wish, event.state);
      if (code == failed) {
        say_error(failure_block({wish.service, event.state, event.reason, place.log(wish.service).string(),
                                 last_lines(place.log(wish.service), 10)},
                                Style::for_descriptor(STDERR_FILENO)));
      }
      if (code >= 0) return code;
    }
  }
  say_error("msctl: " + wish.verb + " of " + wish.service + " not done within " + std::to_string(wish.timeout_s) +
            " s");
  return timed_out;
}

int run(const Wish& wish) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto reply = place.value().client().service(wish.service, wish.verb);
  if (!reply) {
    if (reply.error().code == base::ErrorCode::not_found) {
      // The file knows the names as well, and can say which one was perhaps meant.
      const auto cluster = spec::load_cluster(place.value().file);
      const auto known = cluster ? check_names(cluster.value(), {wish.service}) : base::Result<void>(base::success());
      if (!known) return report(known.error());
    }
    if (reply.error().code == base::ErrorCode::unavailable) say_error("msctl: start it with: msctl up");
    return report(reply.error());
  }
  for (const auto& view : reply.value().services) {
    if (view.name != wish.service || wish.verb == "restart") continue;
    const bool already = wish.verb == "stop" ? is_end(view.state) : view.state == "ready";
    if (already) return say(view.name + "  already " + view.state), ok;
  }
  return follow(place.value(), wish, reply.value().after);
}

void add(Verbs& verbs, const std::string& name, const std::string& help) {
  auto wish = std::make_shared<Wish>();
  wish->verb = name;
  verbs.add(name, help)
      .operand("SERVICE", wish->service, "Name of the service")
      .option("--wait-timeout", wish->timeout_s, "S", "Give up waiting after this many seconds")
      .footer("Example:\n  msctl " + name + " user-service")
      .run([wish] { return run(*wish); });
}

}  // namespace

void add_start(Verbs& verbs) {
  add(verbs, "start", "Start one service and what it requires, and wait until it is ready");
}

void add_stop(Verbs& verbs) { add(verbs, "stop", "Stop one service; others keep running"); }

void add_restart(Verbs& verbs) { add(verbs, "restart", "Stop and start one service, and wait until it is ready"); }

}  // namespace cli
