#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "cli/session/interrupt.hpp"
#include "cli/session/place.hpp"
#include "cli/session/report_file.hpp"
#include "cli/session/verb_names.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/cluster_lock.hpp"
#include "cli/verbs/invariants.hpp"
#include "cli/verbs/verb.hpp"
#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/run.hpp"
#include "cli/verify/view.hpp"

namespace cli {
namespace {

using verify::Ms;

constexpr Ms ready_patience{5000};

constexpr const char* invariants_word = "invariants";

struct VerifyOptions {
  std::vector<std::string> patterns;
  bool list = false;
  bool require_all = false;
  std::string junit;
  std::string html;
  InvariantsOptions invariants;
  Format format = Format::table;
};

std::size_t columns_of_terminal() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

base::Result<void> write_reports(const VerifyOptions& options, const verify::Report& report) {
  if (!options.junit.empty()) {
    TRY(write_report(options.junit, verify::junit(report)));
  }
  if (!options.html.empty()) {
    TRY(write_report(options.html, verify::html(report)));
  }
  return base::success();
}

// What runs, with the ports that it has. Errors: unavailable, when it does not run.
base::Result<verify::SystemWorld::Place> running(const Place& place) {
  TRY(auto cluster, running_cluster(place));
  return verify::SystemWorld::Place{std::move(cluster), place.options, place.client(),
                                    [](std::string_view verb) { return is_verb(verb); }};
}

int print_report(const VerifyOptions& options, const verify::Report& report, bool interrupted) {
  show_progress("");
  if (options.format == Format::table) {
    const std::size_t width = ::isatty(STDOUT_FILENO) != 0 ? columns_of_terminal() : 0;
    print(verify::table(report, Style::for_descriptor(STDOUT_FILENO), width));
    say("");
    say(verify::summary(report));
  } else {
    print(format_document(verify::document(report), options.format));
  }
  const auto written = write_reports(options, report);
  if (interrupted) {
    say_error("msctl: interrupted; what the checks had done to the cluster is undone");
    return cli::interrupted;
  }
  if (!written) return cli::report(written.error());
  const bool any = std::any_of(report.outcomes.begin(), report.outcomes.end(),
                               [&](const auto& one) { return verify::is_failure(report, one); });
  return any ? failed : ok;
}

// A stub proves nothing about the service in whose place it runs.
bool has_mocks(const spec::Cluster& cluster) {
  return std::any_of(cluster.services.begin(), cluster.services.end(), [](const auto& entry) {
    if (entry.second.is_mock) {
      say_error("msctl: a stub runs in place of " + entry.first +
                "; start it itself to verify: msctl up -d --wait --no-mock");
    }
    return entry.second.is_mock;
  });
}

int verify_cluster(const VerifyOptions& options, const std::vector<const verify::Check*>& checks, const Place& place) {
  auto cluster = running(place);
  if (!cluster) {
    if (cluster.error().code != base::ErrorCode::unavailable) return cli::report(cluster.error());
    say_error("msctl: " + cluster.error().message);
    return unhealthy;
  }
  if (has_mocks(cluster.value().cluster)) return unhealthy;
  for (const auto& file : {options.junit, options.html}) {
    if (const auto there = check_report(file); !there) return cli::report(there.error());
  }
  const auto lock = take_cluster(place);
  if (!lock) return cli::report(lock.error());
  std::atomic<bool> interrupted{false};
  const Interrupt interrupt([&] { interrupted = true; });
  verify::SystemWorld world(std::move(cluster.value()), interrupted);
  const auto unready = verify::unready(world, ready_patience);
  if (!unready && interrupted) return cli::interrupted;
  if (!unready) return cli::report(unready.error());
  if (!unready.value().empty()) {
    for (const auto& one : unready.value()) say_error("msctl: " + printable(one));
    say_error("msctl: nothing was verified, since not everything is ready; see msctl ps and msctl logs");
    return unhealthy;
  }
  const auto stopped = verify::stopped(world);
  if (!stopped) return cli::report(stopped.error());
  if (!stopped.value().empty()) {
    for (const auto& one : stopped.value()) say_error("msctl: " + printable(one));
    say_error("msctl: nothing was verified, since checks go through what is stopped; start it with msctl up");
    return unhealthy;
  }
  verify::Report report;
  report.cluster = world.cluster().name;
  report.time = base::to_rfc3339(world.clock().wall());
  report.needs_all = options.require_all || !options.patterns.empty();
  const auto began = world.clock().monotonic();
  std::size_t done = 0;
  report.outcomes = verify::run_all(checks, world, [&](const verify::Check& check) {
    show_progress("[" + std::to_string(++done) + "/" + std::to_string(checks.size()) + "] " +
                  std::to_string(check.number) + " " + std::string(check.title) +
                  (check.does.empty() ? "" : ": " + std::string(check.does)));
  });
  report.seconds = std::chrono::duration<double>(world.clock().monotonic() - began).count();
  return print_report(options, report, interrupted);
}

int verify_patterns(const VerifyOptions& options) {
  const auto checks = verify::choose(verify::all_checks(), options.patterns);
  if (!checks) return report(checks.error());
  if (options.list) {
    print(options.format == Format::table ? verify::list_table(checks.value())
                                          : format_document(verify::list_document(checks.value()), options.format));
    return ok;
  }
  const auto place = find_place();
  if (!place) return report(place.error());
  return verify_cluster(options, checks.value(), place.value());
}

int verify_either(VerifyOptions& options) {
  const auto& words = options.patterns;
  const bool is_meant = std::find(words.begin(), words.end(), invariants_word) != words.end();
  if (!is_meant && options.invariants.any_given()) {
    return report(
        base::fail(base::ErrorCode::invalid, "--since, --order, --wait and --bound are for msctl verify invariants"));
  }
  if (!is_meant) return verify_patterns(options);
  if (words.size() > 1) {
    return report(base::fail(base::ErrorCode::invalid,
                             "invariants stands alone: msctl verify invariants; patterns are another run"));
  }
  if (!options.junit.empty() || !options.html.empty()) {
    return report(base::fail(base::ErrorCode::invalid, "invariants has --output json, and no --junit or --html"));
  }
  options.invariants.list = options.list;
  options.invariants.require_all = options.require_all;
  options.invariants.format = options.format;
  return verify_invariants(options.invariants);
}

}  // namespace

void add_verify(Verbs& verbs) {
  auto options = std::make_shared<VerifyOptions>();
  verbs.add("verify", "Try each pattern of the system on the running cluster, and say what was seen")
      .operands("PATTERN", options->patterns,
                "Numbers (9) or names (outbox); see --list. Default: all. Or `invariants`")
      .flag("--list", options->list, "Show the patterns and what their checks do, and do nothing")
      .flag("--require-all", options->require_all, "Fail as well when a pattern is absent or was skipped")
      .option("--junit", options->junit, "FILE", "Write the result as JUnit XML")
      .option("--html", options->html, "FILE", "Write the result as one page of HTML")
      .option("--since", options->invariants.since, "TIME", "invariants: only of orders placed since then")
      .option("--order", options->invariants.orders, "ID", "invariants: only of these orders, which must be there")
      .option("--wait", options->invariants.wait, "DURATION",
              "invariants: how long to wait until nothing is under way [30s]")
      .option("--bound", options->invariants.bound, "DURATION",
              "invariants: how long an event may wait in an outbox [30s]")
      .output(options->format)
      .footer(
          "Stops, kills and starts services for moments, and leaves the cluster as it was, but for a few users and\n"
          "orders that are marked msctl-verify. Not for a cluster that others depend on just now.\n"
          "`msctl verify invariants` only reads: orders, payments, stock, mails, the provider's journal and events "
          "fit\n"
          "each other. See docs/verify.md.\n"
          "Examples:\n  msctl verify\n  msctl verify 9\n  msctl verify outbox health --output json\n"
          "  msctl verify --require-all --junit verify.xml\n"
          "  msctl verify invariants --since 10m\n"
          "Exit codes: 1 when a check failed (a pattern that was named and is absent counts) or an invariant is "
          "broken, 4\n"
          "when the cluster does not run or is not ready.")
      .run([options] { return verify_either(*options); });
}

}  // namespace cli
