#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "cli/session/standing.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/selection.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds longest_question{10'000};

struct WaitOptions {
  std::vector<std::string> services;
  std::string what = "ready";
  int timeout_s = 0;  // 0: none
};

bool has_ended(const std::string& state) { return state == "stopped" || state == "completed" || state == "failed"; }

bool is_there(const std::string& what, const std::string& state) {
  if (what == "stopped") return has_ended(state);
  return state == "completed" || (what == "ready" && state == "ready");
}

// What the instances that are waited for have come to.
class Awaited {
 public:
  Awaited(const WaitOptions& options, const spec::Cluster& cluster, const std::vector<control::ServiceView>& views)
      : what_(options.what), standing_(cluster, names_of(views)) {
    for (const auto& view : views) {
      standing_.set(view.name, view.state, view.reason);
      // Without names, what nobody asked to start is nobody's business.
      const bool unasked = options.services.empty() && view.state == "stopped";
      if (is_meant(options.services, view.name) && !unasked) meant_.push_back(view.name);
    }
  }

  void follow(const control::EventView& event) { standing_.follow(event); }
  bool anything() const { return !meant_.empty(); }

  std::vector<std::string> missing() const {
    std::vector<std::string> names;
    for (const auto& name : meant_) {
      if (!is_there(what_, standing_.entries().at(name).state)) names.push_back(name);
    }
    return names;
  }

  // Those of `missing` that will not come without help.
  std::vector<std::string> lost() const {
    auto names = missing();
    std::erase_if(names, [this](const auto& name) { return what_ == "stopped" || !standing_.is_bad(name); });
    return names;
  }

  std::string told(const std::string& name) const {
    const auto& entry = standing_.entries().at(name);
    std::string text = name + " is " + entry.state;
    if (!entry.reason.empty()) text += " (" + printable(entry.reason) + ")";
    return text;
  }

 private:
  static std::vector<std::string> names_of(const std::vector<control::ServiceView>& views) {
    std::vector<std::string> names;
    for (const auto& view : views) names.push_back(view.name);
    return names;
  }

  std::string what_;
  Standing standing_;
  std::vector<std::string> meant_;
};

std::string list_of(const Awaited& awaited, const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + awaited.told(name);
  return text;
}

// Nobody answers: that is what `--for stopped` waits for, as long as it means that nothing runs.
int without_supervisor(const Place& place, const WaitOptions& options) {
  if (options.what != "ready" && !supervisor_was_lost(place)) return ok;
  return say_error("msctl: " + why_nobody_answers(place)), failed;
}

int given_up(const Awaited& awaited, const WaitOptions& options) {
  say_error("msctl: not " + options.what + " within " + std::to_string(options.timeout_s) +
            " s: " + list_of(awaited, awaited.missing()));
  return timed_out;
}

int never(const Awaited& awaited, const WaitOptions& options) {
  say_error("msctl: will not become " + options.what + ": " + list_of(awaited, awaited.lost()) + "; see msctl logs " +
            service_of(awaited.lost().front()));
  return failed;
}

int follow(const Place& place, const WaitOptions& options, Awaited awaited, std::uint64_t after) {
  const auto deadline = Clock::now() + std::chrono::seconds(options.timeout_s);
  for (;;) {
    if (awaited.missing().empty()) return ok;
    if (!awaited.lost().empty()) return never(awaited, options);
    auto wait = longest_question;
    if (options.timeout_s > 0) {
      wait = std::clamp(std::chrono::ceil<milliseconds>(deadline - Clock::now()), milliseconds(0), longest_question);
      if (wait.count() == 0) return given_up(awaited, options);
    }
    const auto events = place.client().events(after, wait);
    if (!events) {
      if (events.error().code != base::ErrorCode::unavailable) return report(events.error());
      return without_supervisor(place, options);
    }
    for (const auto& event : events.value()) {
      after = event.seq;
      awaited.follow(event);
    }
  }
}

int wait(const WaitOptions& options) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto loaded = place.value().load();
  const spec::Cluster cluster = loaded ? loaded.value() : spec::Cluster{};
  const auto client = place.value().client();
  const auto after = last_event(client);  // before the states, or a change between the two would be missed
  const auto views = client.services();
  if (!after || !views) {
    const auto& error = after ? views.error() : after.error();
    if (error.code != base::ErrorCode::unavailable) return report(error);
    if (!loaded) return report(loaded.error());
    std::vector<std::string> services;
    for (const auto& name : options.services) services.push_back(service_of(name));
    if (const auto known = check_names(cluster, services); !known) return report(known.error());
    return without_supervisor(place.value(), options);
  }
  const auto known = check_meant(place.value(), options.services, views.value());
  if (!known) return report(known.error());
  Awaited awaited(options, cluster, views.value());
  if (!awaited.anything() && options.what == "ready") {
    return say_error("msctl: no service was asked to start; start them with: msctl up"), failed;
  }
  return follow(place.value(), options, std::move(awaited), after.value());
}

}  // namespace

void add_wait(Verbs& verbs) {
  auto options = std::make_shared<WaitOptions>();
  verbs.add("wait", "Wait until services are ready, or stopped, or completed")
      .operands("SERVICE", options->services, "Only these (default: all that were asked to start)")
      .choice("--for", options->what, {"ready", "stopped", "completed"},
              "What to wait for; completed counts as ready and as stopped, failed as stopped")
      .option("--timeout", options->timeout_s, "S", "Give up after this many seconds; 0: never", 0)
      .footer(
          "Examples:\n  msctl wait\n  msctl wait web --timeout 30\n  msctl wait migrate --for completed\n"
          "Exit codes: 0 come true, 1 it cannot come true any more, 2 usage, 3 timed out.\n"
          "A cluster that does not run counts as stopped and completed.")
      .run([options] { return wait(*options); });
}

}  // namespace cli
