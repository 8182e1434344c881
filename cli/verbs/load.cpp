#include <unistd.h>

#include <atomic>
#include <memory>

#include "cli/load/cluster_time.hpp"
#include "cli/load/command.hpp"
#include "cli/load/find_max.hpp"
#include "cli/load/run.hpp"
#include "cli/load/saved.hpp"
#include "cli/load/show.hpp"
#include "cli/load/targets.hpp"
#include "cli/session/interrupt.hpp"
#include "cli/session/place.hpp"
#include "cli/session/report_file.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

using base::ErrorCode;
using base::Json;

struct LoadOptions {
  load::CommandOptions command;
  std::string find_max;
  std::string html;
  std::string junit;
  std::string show;
  bool check = false;
  Format format = Format::table;
};

std::string painted(load::Mark mark, const std::string& text) {
  static const Style style = Style::for_descriptor(STDOUT_FILENO);
  switch (mark) {
    case load::Mark::good:
      return style.paint(Style::Colour::green, printable(text));
    case load::Mark::bad:
      return style.paint(Style::Colour::red, printable(text));
    case load::Mark::doubtful:
      return style.paint(Style::Colour::yellow, printable(text));
    case load::Mark::faint:
      return style.paint(Style::Colour::dim, text);
    case load::Mark::plain:
      break;
  }
  return printable(text);
}

// Only for eyes: a line that is written over and over, and is gone at the end.
class LiveLine {
 public:
  LiveLine() : shown_(::isatty(STDERR_FILENO) == 1) {}
  ~LiveLine() { clear(); }
  LiveLine(const LiveLine&) = delete;

  void show(const std::string& text) {
    if (!shown_) return;
    std::fputs(("\r\033[K" + text).c_str(), stderr);
    std::fflush(stderr);
  }
  void clear() { show(""); }

 private:
  bool shown_;
};

// The cluster that a run is about, when it is about one.
struct About {
  std::optional<Place> place;
  std::vector<control::ServiceView> services;
};

base::Result<About> find_cluster(Json& document) {
  About about;
  if (load::services_of(document).empty()) return about;
  TRY(about.place, find_place());
  TRY(about.services, running_services(*about.place));
  TRY(load::resolve_targets(document, about.services));
  if (!document.contains("trace_every")) document["trace_every"] = load::usual_trace_every(document);
  return about;
}

base::Result<void> write_reports(const LoadOptions& options, const Json& result) {
  if (!options.html.empty()) {
    TRY(write_report(options.html, load::show_page(result)));
  }
  if (!options.junit.empty()) {
    TRY(write_report(options.junit, load::show_junit(result)));
  }
  return base::success();
}

int exit_code_for(const Json& result) {
  if (result.value("stopped", "") == "interrupted") return interrupted;
  if (!result.value("passed", true)) return threshold_missed;
  return result.value("completed", 0.0) == 0 ? failed : ok;
}

int tell(const LoadOptions& options, const Json& result) {
  if (options.format == Format::table) {
    print(load::show_text(result, painted));
  } else {
    print(format_document(load::for_scripts(result), options.format));
  }
  if (const auto written = write_reports(options, result); !written) return report(written.error());
  if (options.format == Format::table && !options.html.empty()) say("report: " + options.html);
  return exit_code_for(result);
}

int show_saved(const LoadOptions& options) {
  const auto text = spec::read_text(options.show, options.show, 256 << 20);
  if (!text) return report(text.error());
  auto result = load::read_saved(text.value(), options.show);
  if (!result) return report(result.error());
  std::vector<load::Threshold> thresholds;
  for (const auto& rule : options.command.thresholds) {
    auto read = load::read_threshold(rule);
    if (!read) return report(read.error());
    thresholds.push_back(std::move(read).value());
  }
  if (!thresholds.empty()) load::add_verdicts(result.value(), thresholds);
  return tell(options, result.value());
}

base::Result<Json> run_once(const Json& document, const About& about, LiveLine& live, const std::string& prefix,
                            const std::atomic<bool>& stopped) {
  load::ClusterWatch watch(about.place ? std::optional(about.place->client()) : std::nullopt, about.services);
  TRY(auto run, load::Run::start(document));
  const auto progress = [&](const Json& line) { live.show(prefix + load::show_progress(line)); };
  auto result = run.finish(progress, [&] { return stopped.load(); });
  live.clear();
  // It names steps, and says what was answered.
  if (!result) return base::fail(result.error().code, printable(result.error().message));
  if (about.place) {
    const auto cluster = about.place->load();
    watch.add_to(result.value(), about.place->state / "logs",
                 cluster ? load::callers_in(cluster.value()) : load::Callers{});
  }
  return result;
}

int find_highest(const LoadOptions& options, Json document, const About& about, const std::atomic<bool>& stopped) {
  const auto wanted = load::read_threshold(options.find_max);
  if (!wanted) return report(base::fail(ErrorCode::malformed, "--find-max: " + wanted.error().message));
  LiveLine live;
  const std::string run = document.value("run", "run");
  const std::uint64_t seed = document["load"].value("seed", std::uint64_t{1});
  std::uint64_t trials = 0;
  const auto trial = [&](double rate, double seconds) -> base::Result<Json> {
    load::set_rate(document, rate, seconds);
    // A run of its own: what the one before made (users, say) is still there.
    document["run"] = run + std::to_string(trials);
    document["load"]["seed"] = seed + trials++;
    auto result = run_once(document, about, live, load::show_rate(rate) + "  ", stopped);
    if (!result) return result;
    load::add_verdicts(result.value(), {wanted.value()});
    if (options.format == Format::table) say(load::show_trial(rate, result.value()));
    return result;
  };
  const double first = document["load"].value("rate", 0.0);
  auto found =
      load::find_max(trial, load::SearchLimits::of(first, options.command.duration), [&] { return stopped.load(); });
  if (!found) return report(found.error());
  Json result = std::move(found).value();
  const int code = tell(options, result);
  if (options.format == Format::table) say(load::show_found(result));
  return code;
}

int check_only(const std::string& what, const Json& document) {
  if (load::names_files(document)) {
    if (const auto usable = load::Run::check(document); !usable) return report(usable.error());
  }
  return say(what + " is fine"), ok;
}

int load_run(const LoadOptions& options) {
  if (!options.show.empty()) return show_saved(options);
  if (options.command.what.empty()) {
    return say_error("msctl: load needs a scenario file, a URL or a service; see msctl help load"), usage;
  }
  load::CommandOptions command = options.command;
  if (!options.find_max.empty() && command.rate.empty() && load::is_target(command.what)) command.rate = "100";
  auto file = load::make_scenario(command);
  if (!file) return report(file.error());
  if (options.check) return check_only(options.command.what, file.value().document);
  for (const auto& path : {options.html, options.junit}) {
    if (const auto writable = check_report(path); !writable) return report(writable.error());
  }
  std::atomic<bool> stopped{false};
  const Interrupt interrupt([&] { stopped = true; });
  Json& document = file.value().document;
  const auto about = find_cluster(document);
  if (!about) return report(about.error());
  if (!options.find_max.empty()) return find_highest(options, document, about.value(), stopped);
  LiveLine live;
  auto result = run_once(document, about.value(), live, "", stopped);
  if (!result) return report(result.error());
  const auto plan = load::check_scenario(file.value());
  load::add_verdicts(result.value(), plan ? plan.value().thresholds : std::vector<load::Threshold>{});
  return tell(options, result.value());
}

}  // namespace

void add_load(Verbs& verbs) {
  auto options = std::make_shared<LoadOptions>();
  auto& command = options->command;
  verbs.add("load", "Put load on the cluster or a URL and say how it held up")
      .optional_operand("TARGET", command.what, "A scenario file, http://…, or a service such as gateway:/v1/users/1")
      .option("--rate", command.rate, "N", "Requests (or iterations of the scenario) a second, by the clock")
      .option("--connections", command.connections, "N", "Or: so many connections, each sends when it has its answer")
      .option("--stage", command.stages, "RATE:TIME", "Go to that rate in that time; =RATE:TIME: at once")
      .option("--duration", command.duration, "TIME", "How long: 30s, 2m (default 10s)")
      .option("--arrivals", command.arrivals, "constant|poisson", "Even gaps, or random ones as of many users")
      .option("--threads", command.threads, "N", "Threads that send (default 1)")
      .option("--max-connections", command.max_connections, "N", "Of a rate, at most (default 1024)")
      .option("--warmup", command.warmup, "TIME", "Leave out the first part of the run")
      .option("--timeout", command.timeout, "TIME", "Of a request (default 5s)")
      .option("--threshold", command.thresholds, "RULE", "p99<50ms, error_rate<0.1%, rps>1000, STEP: p99<80ms")
      .option("--find-max", options->find_max, "RULE", "Search the highest rate at which the rule holds")
      .option("--budget", command.budget, "WHAT=N", "Stop at errors=N, requests=N or time=TIME")
      .option("--allow-host", command.allow_hosts, "HOST", "Another machine that may be put under load")
      .option("-X,--method", command.method, "METHOD", "Of the request (default GET, with --data POST)")
      .option("-H,--header", command.headers, "HEADER", "\"Name: value\"")
      .option("--data", command.data, "TEXT", "Body of the request; ${uuid} and its like are filled in")
      .option("--var", command.variables, "NAME=VALUE", "A variable of the scenario")
      .option("--ca", command.ca, "FILE", "Certificates to trust, PEM")
      .flag("--insecure", command.insecure, "Trust any certificate")
      .option("--seed", command.seed, "N", "Of random values (default 1)")
      .option("--trace-every", command.trace_every, "N", "Follow one of N requests through the cluster; 0: none")
      .option("--journal", command.journal, "FILE", "Append a line of JSON for each answer")
      .option("--html", options->html, "FILE", "Write a report of one page")
      .option("--junit", options->junit, "FILE", "Write a report for CI systems")
      .option("--show", options->show, "FILE", "Show a result that was saved from --output json")
      .flag("--check", options->check, "Only check the scenario file")
      .output(options->format)
      .footer(
          "Examples:\n  msctl load gateway:/health --rate 500 --duration 20s\n"
          "  msctl load shop.yaml --threshold 'p99<50ms' --html report.html\n"
          "  msctl load http://127.0.0.1:8080/ --connections 64\n  msctl load gateway:/health --find-max 'p99<20ms'\n"
          "Latency counts from when a request was due, so that a stall shows in full. Only this machine is put under\n"
          "load unless another one is named with --allow-host. Scenario files: docs/load.md.\n"
          "Exit codes: 0 done, thresholds held; 1 nothing was answered; 2 usage; 6 a threshold was missed; 130 Ctrl-C.")
      .run([options] { return load_run(*options); });
}

}  // namespace cli
