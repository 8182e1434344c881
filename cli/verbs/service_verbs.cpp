// start, stop, restart and scale: one service or one instance of it, awaited until it is where it should be.

#include <unistd.h>

#include <algorithm>
#include <charconv>
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
  std::string verb;  // as on the command line
  std::string service;
  int timeout_s = 120;
  bool rolling = false;
  int replicas = 0;

  std::string request() const { return rolling ? "roll" : verb; }
  base::Json body() const { return verb == "scale" ? base::Json{{"replicas", replicas}} : base::Json::object(); }
  bool means(const std::string& instance) const { return instance == service || service_of(instance) == service; }
};

bool is_end(const std::string& state) { return state == "stopped" || state == "completed" || state == "failed"; }

bool is_there(const Wish& wish, const std::string& state) {
  return wish.verb == "stop" ? is_end(state) : state == "ready" || state == "completed";
}

class Follower {
 public:
  Follower(const Place& place, const Wish& wish, const control::StartReply& reply)
      : place_(place), wish_(wish), cluster_(loaded(place)), standing_(cluster_, services_in(reply)) {
    for (const auto& view : reply.services) {
      if (wish.means(view.name)) meant_.push_back(view.name);
      // What runs is going to end before it starts again.
      const bool will_end = wish.verb == "restart" && wish.means(view.name) && view.state != "pending";
      if (!will_end) standing_.begin(view);
    }
    after_ = reply.after;
  }

  int run() {
    const auto deadline = Clock::now() + std::chrono::seconds(wish_.timeout_s);
    while (Clock::now() < deadline) {
      if (const int code = decided(); code >= 0) return code;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      const auto events = place_.client().events(after_, std::clamp(left, no_wait, longest_wait));
      if (!events) return report(events.error());
      for (const auto& event : events.value()) take(event);
    }
    say_error("msctl: " + wish_.verb + " of " + wish_.service + " not done within " + std::to_string(wish_.timeout_s) +
              " s");
    report_failures();
    return timed_out;
  }

 private:
  static constexpr std::chrono::milliseconds no_wait{0};
  static constexpr std::chrono::milliseconds longest_wait{10'000};

  // Without a readable file, a service that waits for a failed one is waited for until the time is over.
  static spec::Cluster loaded(const Place& place) {
    auto cluster = place.load();
    return cluster ? std::move(cluster.value()) : spec::Cluster{};
  }

  static std::vector<std::string> services_in(const control::StartReply& reply) {
    std::vector<std::string> names;
    for (const auto& view : reply.services) names.push_back(view.service);
    return names;
  }

  void take(const control::EventView& event) {
    after_ = event.seq;
    if (!standing_.entries().contains(service_of(event.service))) return;
    if (const auto line = event_line(event, event.service.size(), style_)) say(*line);
    standing_.follow(event);
    // The successor failed and the old process stays: that is told by a `ready` that comes right behind.
    if (wish_.rolling && wish_.means(event.service) && event.state == "failed") {
      roll_failed_ = true;
      report_failures();
    }
  }

  // Exit code once it is decided, else -1.
  int decided() {
    if (roll_failed_) return failed;
    if (wish_.verb == "scale") return decided_scale();
    bool all_there = true;
    for (const auto& name : meant_) {
      const auto entry = standing_.entries().find(name);
      const std::string state = entry == standing_.entries().end() ? "stopped" : entry->second.state;
      if (is_there(wish_, state)) continue;
      all_there = false;
      if (wish_.verb == "stop" || !standing_.is_bad(name)) continue;
      report_failures();
      return failed;
    }
    return all_there ? ok : -1;
  }

  int decided_scale() {
    const auto views = place_.client().services();
    if (!views) return report(views.error());
    int well = 0;
    int all = 0;
    for (const auto& view : views.value()) {
      if (view.service != wish_.service) continue;
      ++all;
      if (is_there(wish_, view.state)) ++well;
      if (view.state != "failed") continue;
      standing_.set(view.name, view.state, view.reason, view.log_from);
      report_failures();
      return failed;
    }
    if (all != wish_.replicas || well != wish_.replicas) return -1;
    say(wish_.service + "  " + std::to_string(all) + (all == 1 ? " instance" : " instances"));
    return ok;
  }

  void report_failures() const {
    for (const auto& cause : standing_.causes_of(bad_ones())) report_failure(place_, standing_, cause);
  }

  std::vector<std::string> bad_ones() const {
    std::vector<std::string> names;
    for (const auto& name : meant_) {
      const auto entry = standing_.entries().find(name);
      if (entry != standing_.entries().end() && !is_there(wish_, entry->second.state)) names.push_back(name);
    }
    return names;
  }

  const Place& place_;
  const Wish& wish_;
  spec::Cluster cluster_;
  Standing standing_;
  std::vector<std::string> meant_;
  std::uint64_t after_ = 0;
  bool roll_failed_ = false;
  Style style_ = Style::for_descriptor(STDOUT_FILENO);
};

int refused(const Place& place, const Wish& wish, const base::Error& error) {
  if (error.code == base::ErrorCode::not_found) {
    // The file knows the names as well, and can say which one was perhaps meant.
    const auto cluster = place.load();
    const auto known = cluster ? check_names(cluster.value(), {wish.service}) : base::Result<void>(base::success());
    if (!known) return report(known.error());
  }
  if (error.code != base::ErrorCode::unavailable) return report(error);
  return say_error("msctl: " + why_nobody_answers(place)), failed;
}

int run(const Wish& wish) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto reply = place.value().client().service(wish.service, wish.request(), wish.body());
  if (!reply) return refused(place.value(), wish, reply.error());
  if (wish.verb == "start" || wish.verb == "stop") {
    bool all_there = true;
    std::string state;
    for (const auto& view : reply.value().services) {
      if (!wish.means(view.name)) continue;
      all_there = all_there && (wish.verb == "stop" ? is_end(view.state) : view.state == "ready");
      state = view.state;
    }
    if (all_there) return say(wish.service + "  already " + state), ok;
  }
  return Follower(place.value(), wish, reply.value()).run();
}

Verb add(Verbs& verbs, const std::shared_ptr<Wish>& wish, const std::string& help, const std::string& example) {
  auto verb = verbs.add(wish->verb, help);
  verb.operand("SERVICE", wish->service, "Name of a service, or of one instance of it (web.2)")
      .option("--wait-timeout", wish->timeout_s, "S", "Give up waiting after this many seconds")
      .footer("Example:\n  msctl " + example)
      .run([wish] { return run(*wish); });
  return verb;
}

std::shared_ptr<Wish> wish_for(const std::string& verb) {
  auto wish = std::make_shared<Wish>();
  wish->verb = verb;
  return wish;
}

}  // namespace

void add_start(Verbs& verbs) {
  add(verbs, wish_for("start"), "Start one service and what it requires, and wait until it is ready",
      "start user-service");
}

void add_stop(Verbs& verbs) {
  add(verbs, wish_for("stop"), "Stop one service; others keep running", "stop user-service");
}

void add_restart(Verbs& verbs) {
  const auto wish = wish_for("restart");
  add(verbs, wish, "Stop and start one service, and wait until it is ready", "restart --rolling user-service")
      .flag("--rolling", wish->rolling,
            "One instance after the other, each new process ready before the old one ends (needs `sockets`)");
}

void add_scale(Verbs& verbs) {
  const auto wish = wish_for("scale");
  auto text = std::make_shared<std::string>();
  auto verb = verbs.add("scale", "Run so many instances of a service, and wait until they are ready");
  verb.operand("SERVICE=N", *text, "Name of a service and how many of it")
      .option("--wait-timeout", wish->timeout_s, "S", "Give up waiting after this many seconds")
      .footer("Example:\n  msctl scale user-service=3")
      .run([wish, text] {
        const auto equals = text->find('=');
        const std::string number = equals == std::string::npos ? "" : text->substr(equals + 1);
        const auto end = std::from_chars(number.data(), number.data() + number.size(), wish->replicas);
        if (end.ec != std::errc() || end.ptr != number.data() + number.size() || wish->replicas < 0) {
          return report(base::fail(base::ErrorCode::invalid, "expected SERVICE=N, got \"" + *text + "\""));
        }
        wish->service = text->substr(0, equals);
        return run(*wish);
      });
}

}  // namespace cli
