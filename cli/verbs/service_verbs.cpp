// start, stop and restart: one service, awaited until it is where it should be.

#include <unistd.h>

#include <chrono>
#include <memory>

#include "cli/session/failure.hpp"
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

// Exit code once it is decided, else -1.
int decided(const Wish& wish, const Standing& standing) {
  const std::string& state = standing.entries().at(wish.service).state;
  if (wish.verb == "stop") return is_end(state) ? ok : -1;
  if (state == "ready" || state == "completed") return ok;
  return standing.is_bad(wish.service) ? failed : -1;
}

void report_failures(const Place& place, const Wish& wish, const Standing& standing) {
  for (const auto& cause : standing.causes_of({wish.service})) report_failure(place, standing, cause);
}

// What is known of the services that are meant before the first event.
Standing standing_of(const spec::Cluster& cluster, const Wish& wish, const control::StartReply& reply) {
  std::vector<std::string> meant;
  for (const auto& view : reply.services) meant.push_back(view.name);
  Standing standing(cluster, meant);
  for (const auto& view : reply.services) {
    // What runs is going to end before it starts again.
    if (wish.verb != "restart" || view.name != wish.service || view.state == "pending") standing.begin(view);
  }
  return standing;
}

int follow(const Place& place, const Wish& wish, const control::StartReply& reply) {
  // Without a readable file, a service that waits for a failed one is waited for until the time is over.
  const auto loaded = spec::load_cluster(place.file);
  const spec::Cluster cluster = loaded ? loaded.value() : spec::Cluster{};
  Standing standing = standing_of(cluster, wish, reply);
  std::uint64_t after = reply.after;
  const Style style = Style::for_descriptor(STDOUT_FILENO);
  const auto deadline = Clock::now() + std::chrono::seconds(wish.timeout_s);
  while (Clock::now() < deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const auto events = place.client().events(after, std::min(left, std::chrono::milliseconds(10'000)));
    if (!events) return report(events.error());
    for (const auto& event : events.value()) {
      after = event.seq;
      if (!standing.entries().contains(event.service)) continue;
      if (const auto line = event_line(event, event.service.size(), style)) say(*line);
      standing.follow(event);
    }
    const int code = decided(wish, standing);
    if (code == failed) report_failures(place, wish, standing);
    if (code >= 0) return code;
  }
  say_error("msctl: " + wish.verb + " of " + wish.service + " not done within " + std::to_string(wish.timeout_s) +
            " s");
  report_failures(place, wish, standing);
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
    if (reply.error().code != base::ErrorCode::unavailable) return report(reply.error());
    return say_error("msctl: " + why_nobody_answers(place.value())), failed;
  }
  for (const auto& view : reply.value().services) {
    if (view.name != wish.service || wish.verb == "restart") continue;
    const bool already = wish.verb == "stop" ? is_end(view.state) : view.state == "ready";
    if (already) return say(view.name + "  already " + view.state), ok;
  }
  return follow(place.value(), wish, reply.value());
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
