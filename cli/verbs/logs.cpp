#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>

#include "cli/session/interrupt.hpp"
#include "cli/session/log_tail.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

struct Options {
  std::vector<std::string> services;
  bool follow = false;
  int lines = 100;
};

// One log file and how its lines are shown.
struct Source {
  std::string prefix;
  std::filesystem::path file;
};

// The supervisor's own log is shown only by name.
base::Result<std::vector<Source>> sources(const Place& place, const std::vector<std::string>& asked) {
  std::vector<std::string> names = asked;
  TRY(const spec::Cluster cluster, spec::load_cluster(place.file));
  std::erase(names, "supervisor");
  TRY(check_names(cluster, names));
  names = asked;
  if (names.empty()) {
    for (const auto& [name, service] : cluster.services) names.push_back(name);
  }
  std::size_t width = 0;
  for (const auto& name : names) width = std::max(width, name.size());
  const Style style = Style::for_descriptor(STDOUT_FILENO);
  std::vector<Source> made;
  for (const auto& name : names) {
    std::string padded = name;
    padded.resize(width, ' ');
    made.push_back({style.nth(made.size(), padded + " |") + " ", place.log(name)});
  }
  return made;
}

// A pipe keeps the bytes as they are; a terminal gets no control characters.
void show(const Source& source, const std::string& line) {
  static const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  say(source.prefix + (terminal ? printable(line) : line));
}

int follow(const Place& place, const std::vector<Source>& all, std::vector<LogReader> readers) {
  const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  const auto folder = place.state / "logs";
  if (watch < 0 || ::inotify_add_watch(watch, folder.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
    return report(
        base::fail(base::ErrorCode::unavailable, "cannot watch " + folder.string() + ": start with msctl up"));
  }
  // Nothing is held that would have to be put back: the first signal ends it.
  const Interrupt interrupt([] { ::_exit(ok); });
  for (;;) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      readers[i].read([&](const std::string& line) { show(all[i], line); });
    }
    std::array<pollfd, 2> ready{pollfd{watch, POLLIN, 0}, pollfd{STDOUT_FILENO, 0, 0}};
    ::poll(ready.data(), ready.size(), -1);
    if ((ready[1].revents & (POLLERR | POLLHUP)) != 0) return ok;  // whoever read from us is gone
    std::array<char, 16 * 1024> changes{};
    while (::read(watch, changes.data(), changes.size()) > 0) {
    }
  }
}

int logs(const Options& options) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto all = sources(place.value(), options.services);
  if (!all) return report(all.error());
  std::vector<LogReader> readers;
  for (const auto& source : all.value()) {
    readers.emplace_back(source.file, true);  // first, or lines written meanwhile would be lost
    for (const auto& line : last_lines(source.file, static_cast<std::size_t>(options.lines))) show(source, line);
  }
  return options.follow ? follow(place.value(), all.value(), std::move(readers)) : ok;
}

}  // namespace

void add_logs(Verbs& verbs) {
  auto options = std::make_shared<Options>();
  verbs.add("logs", "Show what services wrote to standard output and error")
      .operands("SERVICE", options->services, "Only these (default: all; `supervisor` for msctl's own)")
      .flag("-f,--follow", options->follow, "Go on with what is written from now on")
      .option("-n,--lines", options->lines, "N", "Last lines of each service", 0)
      .footer("Examples:\n  msctl logs\n  msctl logs -f order-service gateway\n  msctl logs -n 5 user-service")
      .run([options] { return logs(*options); });
}

}  // namespace cli
