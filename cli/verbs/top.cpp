#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <thread>

#include "cli/machine/process_use.hpp"
#include "cli/session/interrupt.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/screen.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

// The kernel walks all pages of a process for its proportional share: with more processes than this, top would be what
// uses the CPU.
constexpr std::size_t most_processes_with_pss = 64;

struct TopOptions {
  bool once = false;
  int interval_s = 1;
  Format format = Format::table;
};

struct Moment {
  std::vector<control::ServiceView> views;
  std::map<std::string, machine::TreeUse> trees;  // by instance, where there is a process
  bool pss = false;
};

struct TopRow {
  const control::ServiceView* view;
  machine::Use use;
};

base::Result<Moment> take_moment(const Place& place, bool with_pss) {
  Moment moment;
  TRY(moment.views, place.client().services());
  moment.pss = with_pss;
  std::size_t processes = 0;
  for (const auto& view : moment.views) {
    if (!view.pid) continue;
    // What the instance left behind with a double fork is the keeper's child as well.
    auto tree = machine::sample_tree(view.keeper ? *view.keeper : *view.pid, view.keeper.has_value(), with_pss);
    moment.pss = moment.pss && machine::has_pss(tree);
    processes += tree.processes.size();
    moment.trees[view.name] = std::move(tree);
  }
  moment.pss = moment.pss && processes <= most_processes_with_pss;
  return moment;
}

std::vector<TopRow> rows_of(const Moment& before, const Moment& now) {
  std::vector<TopRow> rows;
  for (const auto& view : now.views) {
    const auto tree = now.trees.find(view.name);
    const auto earlier = before.trees.find(view.name);
    if (tree == now.trees.end()) {
      rows.push_back({&view, {}});
    } else {
      // Nothing is known of an instance that has just come, but what it holds.
      const auto& from = earlier == before.trees.end() ? tree->second : earlier->second;
      rows.push_back({&view, machine::use_between(from, tree->second, now.pss)});
    }
  }
  return rows;
}

std::string bytes_text(std::uint64_t bytes) {
  std::array<char, 32> text{};
  const double mib = static_cast<double>(bytes) / (1 << 20);
  std::snprintf(text.data(), text.size(), mib < 1024 ? "%.1f MiB" : "%.0f MiB", mib);
  return text.data();
}

std::string percent_text(double percent) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", percent);
  return text.data();
}

std::string table_of_use(const Moment& now, const std::vector<TopRow>& rows, const Style& style) {
  std::vector<Row> cells;
  for (const auto& [view, use] : rows) {
    Row row{view->name, view->state, view->pid ? std::to_string(*view->pid) : "-"};
    if (view->pid) {
      row.insert(row.end(), {percent_text(use.cpu_percent), bytes_text(use.memory_bytes), std::to_string(use.fds),
                             std::to_string(use.threads), std::to_string(use.processes)});
    } else {
      row.insert(row.end(), {"-", "-", "-", "-", "-"});
    }
    row.push_back(std::to_string(view->restarts));
    cells.push_back(std::move(row));
  }
  return format_table(
      {"NAME", "STATE", "PID", "CPU%", now.pss ? "PSS" : "RSS", "FDS", "THREADS", "PROCS", "RESTARTS"}, cells,
      [&](std::size_t, std::size_t column, const std::string& text) { return column == 1 ? style.state(text) : text; });
}

base::Json document_of_use(const Moment& now, const std::vector<TopRow>& rows) {
  base::Json list = base::Json::array();
  for (const auto& [view, use] : rows) {
    base::Json one{{"name", view->name}, {"state", view->state}, {"pid", nullptr}, {"restarts", view->restarts}};
    if (view->pid) {
      one["pid"] = *view->pid;
      one["cpu_percent"] = use.cpu_percent;
      one["memory_bytes"] = use.memory_bytes;
      one["memory_kind"] = now.pss ? "pss" : "rss";
      one["fds"] = use.fds;
      one["threads"] = use.threads;
      one["processes"] = use.processes;
    }
    list.push_back(std::move(one));
  }
  return list;
}

int nobody_answers(const Place& place, const base::Error& error) {
  if (error.code != base::ErrorCode::unavailable) return report(error);
  return say_error("msctl: " + why_nobody_answers(place)), failed;
}

int top_once(const Place& place, const TopOptions& options) {
  const auto before = take_moment(place, true);
  if (!before) return nobody_answers(place, before.error());
  std::this_thread::sleep_for(std::chrono::seconds(options.interval_s));
  const auto now = take_moment(place, before.value().pss);
  if (!now) return nobody_answers(place, now.error());
  const auto rows = rows_of(before.value(), now.value());
  if (options.format == Format::table) {
    print(table_of_use(now.value(), rows, Style::for_descriptor(STDOUT_FILENO)));
  } else {
    print(format_document(document_of_use(now.value(), rows), options.format));
  }
  return ok;
}

std::string headline(const Moment& now, int interval_s) {
  const auto runs = std::count_if(now.views.begin(), now.views.end(), [](const auto& view) { return view.pid; });
  return std::to_string(runs) + " of " + std::to_string(now.views.size()) + " instances run; every " +
         std::to_string(interval_s) + " s; q leaves\n\n";
}

// True when the user wants to leave: `q`, or a signal.
bool wants_to_leave(int signals, std::chrono::milliseconds wait) {
  std::array<pollfd, 2> ready{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
  const auto until = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (::poll(ready.data(), ready.size(), static_cast<int>(left.count())) <= 0) continue;
    if (ready[1].revents != 0) return true;
    char key = 0;
    if (ready[0].revents != 0 && (::read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')) return true;
  }
}

int top_live(const Place& place, const TopOptions& options) {
  const int signals = ::eventfd(0, EFD_CLOEXEC);
  const Interrupt interrupt([signals] { static_cast<void>(::eventfd_write(signals, 1)); });
  auto before = take_moment(place, true);
  if (!before) return nobody_answers(place, before.error());
  std::chrono::milliseconds wait{200};  // something to see soon, then at leisure
  const Style style = Style::for_descriptor(STDOUT_FILENO);
  Screen screen;
  for (;;) {
    if (wants_to_leave(signals, wait)) return ok;
    auto now = take_moment(place, before.value().pss);
    if (!now) {
      screen.leave();
      return nobody_answers(place, now.error());
    }
    const auto rows = rows_of(before.value(), now.value());
    screen.draw(headline(now.value(), options.interval_s) + table_of_use(now.value(), rows, style));
    before = std::move(now);
    wait = std::chrono::seconds(options.interval_s);
  }
}

int top(const TopOptions& options) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const bool live =
      !options.once && options.format == Format::table && ::isatty(STDOUT_FILENO) == 1 && ::isatty(STDIN_FILENO) == 1;
  return live ? top_live(place.value(), options) : top_once(place.value(), options);
}

}  // namespace

void add_top(Verbs& verbs) {
  auto options = std::make_shared<TopOptions>();
  verbs.add("top", "Show CPU, memory, descriptors and threads of each instance")
      .flag("--once", options->once, "One snapshot instead of a live view, as always in a pipe")
      .option("--interval", options->interval_s, "S", "Seconds that CPU use is measured over")
      .output(options->format)
      .footer(
          "All processes of an instance count together. CPU% is of one core; memory is the proportional share (PSS), "
          "or "
          "resident pages (RSS) where that cannot be read or would take long.\n"
          "Examples:\n  msctl top\n  msctl top --once\n  msctl top --output json | jq '.[] | {name, cpu_percent}'")
      .run([options] { return top(*options); });
}

}  // namespace cli
