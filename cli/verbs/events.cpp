#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>

#include "cli/session/interrupt.hpp"
#include "cli/session/spawn.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/selection.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_question{10'000};
constexpr milliseconds supervisor_exit{15'000};
constexpr std::size_t widest_state = 9;

struct EventsOptions {
  std::vector<std::string> services;
  bool follow = false;
  int last = 100;
  int since = 0;
  Format format = Format::table;
  std::size_t name_width = 0;
};

void show_event(const EventsOptions& options, const control::EventView& event) {
  static const Style style = Style::for_descriptor(STDOUT_FILENO);
  switch (options.format) {
    case Format::json:
      return say(base::dump_json(control::to_json(event)));
    case Format::yaml:
      return print("---\n" + format_document(control::to_json(event), Format::yaml));
    case Format::table:
      break;
  }
  const auto gap = [](const std::string& text, std::size_t width) {
    return std::string(text.size() < width ? width - text.size() : 0, ' ') + "  ";
  };
  std::string line = style.paint(Style::Colour::dim, event.time) + "  " + event.service +
                     gap(event.service, options.name_width) + style.state(event.state);
  line += event.pid || !event.reason.empty() ? gap(event.state, widest_state) : "";
  // The reason of a start is its pid already.
  if (event.pid && event.reason.find("pid ") == std::string::npos) line += "pid " + std::to_string(*event.pid) + "  ";
  line += printable(event.reason);
  say(line);
}

bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

// Waits for the next supervisor of a cluster whose last one was killed: its socket is made anew. False when it cannot
// be waited for.
bool await_next_supervisor(const Place& place) {
  const auto folder = control::socket_path(place.state).parent_path();
  const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  const bool watched =
      watch >= 0 && ::inotify_add_watch(watch, folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) >= 0;
  bool answers = false;
  while (watched && !answers) {
    answers = place.client().status().has_value();
    if (answers || !supervisor_was_lost(place) || reader_is_gone()) break;
    std::array<pollfd, 2> ready{pollfd{watch, POLLIN, 0}, pollfd{STDOUT_FILENO, 0, 0}};
    ::poll(ready.data(), ready.size(), static_cast<int>(longest_question.count()));
    std::array<char, 4096> changes{};
    while (::read(watch, changes.data(), changes.size()) > 0) {
    }
  }
  if (watch >= 0) ::close(watch);
  return answers;
}

// One supervisor's events to its end.
int follow_one(const Place& place, const EventsOptions& options, pid_t supervisor, std::uint64_t after) {
  for (;;) {
    const auto events = place.client().events(after, longest_question);
    if (!events) {
      if (events.error().code != base::ErrorCode::unavailable) return report(events.error());
      await_process_end(supervisor, supervisor_exit);
      return ok;
    }
    for (const auto& event : events.value()) {
      after = event.seq;
      if (is_meant(options.services, event.service)) show_event(options, event);
    }
    if (reader_is_gone()) ::_exit(ok);
    if (output_failed()) return failed;
  }
}

int follow_all(const Place& place, const EventsOptions& options, pid_t supervisor, std::uint64_t after) {
  for (;;) {
    const int code = follow_one(place, options, supervisor, after);
    if (code != ok) return code;
    if (!supervisor_was_lost(place) && !place.client().status()) return ok;  // taken down
    if (supervisor_was_lost(place)) say_error("msctl: the supervisor is gone; waiting for the next: msctl up");
    if (!await_next_supervisor(place)) return ok;
    const auto status = place.client().status();
    if (!status) continue;
    supervisor = status.value().pid;
    after = 0;  // it counts anew
  }
}

int events(EventsOptions options) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto client = place.value().client();
  const auto status = client.status();
  const auto past = client.events(0, milliseconds(0));
  const auto views = client.services();
  if (!status || !past || !views) {
    const auto& error = !status ? status.error() : !past ? past.error() : views.error();
    if (error.code != base::ErrorCode::unavailable) return report(error);
    return say_error("msctl: " + why_nobody_answers(place.value())), failed;
  }
  const auto known = check_meant(place.value(), options.services, views.value());
  if (!known) return report(known.error());
  for (const auto& view : views.value()) options.name_width = std::max(options.name_width, view.name.size());
  std::vector<control::EventView> shown;
  for (const auto& event : past.value()) {
    const bool new_enough = event.seq > static_cast<std::uint64_t>(options.since);
    if (new_enough && is_meant(options.services, event.service)) shown.push_back(event);
  }
  const auto count = std::min(shown.size(), static_cast<std::size_t>(options.last));
  for (auto one = shown.end() - static_cast<std::ptrdiff_t>(count); one != shown.end(); ++one) {
    show_event(options, *one);
  }
  if (!options.follow || output_failed()) return ok;  // the latter is told by whoever ends this command
  // Nothing is held that would have to be put back: the first signal ends it.
  const Interrupt interrupt([] { ::_exit(ok); });
  const std::uint64_t after = past.value().empty() ? 0 : past.value().back().seq;
  return follow_all(place.value(), options, status.value().pid, after);
}

}  // namespace

void add_events(Verbs& verbs) {
  auto options = std::make_shared<EventsOptions>();
  verbs.add("events", "Show the changes of state: time, instance, state, reason")
      .operands("SERVICE", options->services, "Only these (default: all)")
      .flag("-f,--follow", options->follow, "Go on with what happens from now on, until the cluster is taken down")
      .option("-n,--last", options->last, "N", "At most this many of the past ones", 0)
      .option("--since", options->since, "SEQ", "Only those after this number (`seq` in the JSON form)", 0)
      .output(options->format)
      .footer(
          "Examples:\n  msctl events -n 20\n  msctl events -f web\n  msctl events -f --output json | jq .state\n"
          "JSON is one object a line. The supervisor keeps the last 4096 events since its start.\n"
          "Exit codes: 0 done, or the cluster was taken down; 1 it does not run.")
      .run([options] { return events(*options); });
}

}  // namespace cli
