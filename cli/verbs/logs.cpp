#include <poll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <deque>
#include <limits>
#include <memory>

#include "cli/session/interrupt.hpp"
#include "cli/session/log_filter.hpp"
#include "cli/session/log_printer.hpp"
#include "cli/session/log_sources.hpp"
#include "cli/session/log_time.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/verb.hpp"
#include "supervisor/logs/merge.hpp"

namespace cli {
namespace {

constexpr std::size_t usual_lines = 100;
constexpr std::size_t all_lines = std::numeric_limits<std::size_t>::max();
constexpr int record_wait_ms = 5;    // bytes are there, their record is about to come
constexpr int folder_wait_ms = 200;  // until there is a folder to watch

struct LogsOptions {
  std::vector<std::string> services;
  bool follow = false;
  std::string lines;
  std::string since;
  std::string until;
  std::string grep;
  std::string level;
  bool json = false;
  Format format = Format::table;
  bool no_prefix = false;
  bool timestamps = false;
};

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

base::Result<std::int64_t> time_option(const char* name, const std::string& text) {
  auto time = parse_log_time(text, now_us());
  if (!time) return base::fail(time.error().code, std::string(name) + ": " + time.error().message);
  return time;
}

base::Result<LogFilter> read_filter(const LogsOptions& options) {
  LogFilter filter;
  if (!options.since.empty()) {
    TRY(filter.since_us, time_option("--since", options.since));
  }
  if (!options.until.empty()) {
    TRY(filter.until_us, time_option("--until", options.until));
  }
  if (!options.grep.empty()) {
    TRY(filter.grep, Pattern::compile(options.grep));
  }
  if (!options.level.empty()) {
    filter.least = level_named(options.level);
    if (!filter.least) {
      return base::fail(base::ErrorCode::malformed,
                        "--level: expected trace, debug, info, warn, error or fatal, got \"" + options.level + "\"");
    }
  }
  return filter;
}

base::Result<std::size_t> read_count(const LogsOptions& options, const LogFilter& filter) {
  const std::string& text = options.lines;
  if (text.empty()) return filter.shows_all_by_default() ? all_lines : usual_lines;
  std::size_t count = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), count);
  if (end.ec == std::errc() && end.ptr == text.data() + text.size()) return count;
  return base::fail(base::ErrorCode::malformed, "--lines: expected a whole number of 0 or more, got \"" + text + "\"");
}

// The lines of all instances as one stream.
class Stream {
 public:
  Stream(LogSources sources, const LogFilter& filter, const LogLayout& layout, bool follow)
      : sources_(std::move(sources)), filter_(filter), printer_(layout), follow_(follow) {}

  // Takes up the instances that are there: only the last `count` lines of each that pass.
  void open(std::size_t count) {
    for (const auto& name : sources_.look()) add(name, count);
  }

  // Prints what there is. False when it will not do to wait for a change of the folder: more comes right away.
  bool print() {
    while (auto line = merge_.next()) {
      const std::string& name = instances_[line->first]->name;
      printer_.print(name, sources_.width(), sources_.rank(name), line->second);
    }
    printer_.flush();
    return std::none_of(instances_.begin(), instances_.end(), [](const auto& one) { return one->lines.is_soon(); });
  }

  const std::filesystem::path& folder() const { return sources_.folder(); }

 private:
  struct Instance {
    std::string name;
    FilteredLines lines;
    std::deque<logs::Line> kept;

    std::optional<logs::Line> next() {
      if (kept.empty()) return lines.next();
      logs::Line line = std::move(kept.front());
      kept.pop_front();
      return line;
    }
  };

  void add(const std::string& name, std::size_t count) {
    logs::Reader reader(sources_.file(name).string());
    if (count != all_lines && !filter_.shows_all_by_default()) {
      reader.begin_with_last(count);
    } else if (filter_.since_us != std::numeric_limits<std::int64_t>::min()) {
      reader.begin_at(filter_.since_us);
    }
    if (!follow_) reader.stop_at_end();
    instances_.push_back(std::make_unique<Instance>(Instance{name, FilteredLines(std::move(reader), filter_), {}}));
    Instance& made = *instances_.back();
    merge_.add([&made] { return made.next(); });
    if (count == all_lines) return;
    while (auto line = made.lines.next()) {
      made.kept.push_back(std::move(*line));
      if (made.kept.size() > count) made.kept.pop_front();
    }
  }

  LogSources sources_;
  const LogFilter& filter_;
  LogPrinter printer_;
  bool follow_;
  std::vector<std::unique_ptr<Instance>> instances_;
  logs::Merge merge_;
};

// Tells of changes in a folder that may not exist yet, or not any more.
class FolderWatch {
 public:
  explicit FolderWatch(std::filesystem::path folder)
      : folder_(std::move(folder)), inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    arm();
  }
  FolderWatch(const FolderWatch&) = delete;
  ~FolderWatch() { ::close(inotify_); }

  // Returns after a change or `most_ms`. False when whoever reads from us is gone.
  bool wait(int most_ms) {
    if (!armed_) most_ms = most_ms < 0 ? folder_wait_ms : std::min(most_ms, folder_wait_ms);
    std::array<pollfd, 2> ready{pollfd{inotify_, POLLIN, 0}, pollfd{STDOUT_FILENO, 0, 0}};
    ::poll(ready.data(), ready.size(), most_ms);
    if ((ready[1].revents & (POLLERR | POLLHUP)) != 0) return false;
    alignas(inotify_event) std::array<char, 16 * 1024> changes{};
    for (ssize_t got = 0; (got = ::read(inotify_, changes.data(), changes.size())) > 0;) {
      for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(changes.data() + at);
        if ((event->mask & IN_IGNORED) != 0) armed_ = false;
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    }
    if (!armed_) arm();
    return true;
  }

 private:
  void arm() { armed_ = ::inotify_add_watch(inotify_, folder_.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) >= 0; }

  std::filesystem::path folder_;
  int inotify_;
  bool armed_ = false;
};

int follow_logs(Stream& stream, FolderWatch& watch, std::int64_t until_us) {
  for (;;) {
    const bool quiet = stream.print();
    if (output_failed()) return failed;
    const std::int64_t left_us = until_us - now_us();
    if (left_us < 0) return ok;
    int wait_ms = quiet ? -1 : record_wait_ms;
    if (wait_ms < 0 && left_us < INT64_C(3'600'000'000)) wait_ms = static_cast<int>(left_us / 1000) + 1;
    if (!watch.wait(wait_ms)) return ok;
    stream.open(all_lines);  // an instance that comes later is shown from its first line
  }
}

// Each instance takes three descriptors, and there may be a thousand instances.
void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run_logs(const LogsOptions& options) {
  if (options.format == Format::yaml) {
    return report(base::fail(base::ErrorCode::malformed, "logs are shown as text or as JSON, a line each: use --json"));
  }
  const auto filter = read_filter(options);
  if (!filter) return report(filter.error());
  const auto count = read_count(options, filter.value());
  if (!count) return report(count.error());
  const auto place = find_place();
  if (!place) return report(place.error());
  auto sources = LogSources::choose(place.value(), options.services);
  if (!sources) return report(sources.error());
  allow_many_files();
  const LogLayout layout{options.json || options.format == Format::json, !options.no_prefix, options.timestamps};
  FolderWatch watch(sources.value().folder());  // before the first look, or changes in between would be missed
  Stream stream(std::move(sources.value()), filter.value(), layout, options.follow);
  if (!options.follow) return stream.open(count.value()), stream.print(), ok;
  // Nothing is held that would have to be put back: the first signal ends it.
  const Interrupt interrupt([] { ::_exit(ok); });
  stream.open(count.value());
  return follow_logs(stream, watch, filter.value().until_us);
}

}  // namespace

void add_logs(Verbs& verbs) {
  auto options = std::make_shared<LogsOptions>();
  verbs.add("logs", "Show what services wrote to standard output and error, by time")
      .operands("SERVICE", options->services,
                "Only these services or instances (default: all; `supervisor` for msctl's own, `build-SERVICE`)")
      .flag("-f,--follow", options->follow, "Go on with what is written from now on")
      .option("-n,--lines", options->lines, "N",
              "Last lines of each instance (default: 100, all with --since, --until, --grep or --level)")
      .option("--since", options->since, "TIME", "Not before: 10m, 1h30m, 2d ago, 14:05 today, or RFC 3339")
      .option("--until", options->until, "TIME", "Not after, as --since")
      .option("--grep", options->grep, "REGEX",
              "Lines that match this extended regular expression, as grep -E has them")
      .option("--level", options->level, "LEVEL", "As severe as this or more: trace, debug, info, warn, error, fatal")
      .flag("--json", options->json, "One JSON object a line")
      .output(options->format)
      .flag("--no-prefix", options->no_prefix, "Lines as they were written, without the instance's name")
      .flag("-t,--timestamps", options->timestamps, "Put the time before each line")
      .footer(
          "Examples:\n  msctl logs\n  msctl logs -f order-service gateway\n  msctl logs -n 5 user-service.2\n"
          "  msctl logs --since 10m --level warn\n  msctl logs --grep 'timed? ?out' --json")
      .run([options] { return run_logs(*options); });
}

}  // namespace cli
