#include "cli/verbs/invariants.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/joined.hpp"
#include "cli/invariants/examine.hpp"
#include "cli/invariants/pages.hpp"
#include "cli/invariants/reader.hpp"
#include "cli/invariants/view.hpp"
#include "cli/load/units.hpp"
#include "cli/session/log_time.hpp"
#include "cli/session/operations.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

using std::chrono::milliseconds;

base::Result<milliseconds> duration_in(const std::string& option, const std::string& text, milliseconds fallback) {
  if (text.empty()) return fallback;
  const auto ns = load::parse_duration(text);
  if (!ns) {
    return base::fail(base::ErrorCode::malformed,
                      option + ": expected a duration such as 500ms, 30s or 2m, got \"" + text + "\"");
  }
  return std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(*ns));
}

base::Result<invariants::Plan> plan_of(const InvariantsOptions& options, const base::Clock& clock) {
  invariants::Plan plan;
  plan.scope.orders.insert(options.orders.begin(), options.orders.end());
  if (!options.since.empty()) {
    const auto now = std::chrono::microseconds(clock.wall().time_since_epoch());
    TRY(const auto since, parse_log_time(options.since, now.count()));
    plan.scope.since = base::to_rfc3339(base::Wall(milliseconds(since / 1'000)));
  }
  TRY(plan.wait, duration_in("--wait", options.wait, plan.wait));
  const milliseconds bound(static_cast<std::int64_t>(plan.bounds.outbox_age_s * 1'000));
  TRY(const auto outbox_age, duration_in("--bound", options.bound, bound));
  plan.bounds.outbox_age_s = std::chrono::duration<double>(outbox_age).count();
  return plan;
}

int print_outcome(const InvariantsOptions& options, const invariants::Outcome& outcome) {
  show_progress("");
  if (options.format == Format::table) {
    print(invariants::table(outcome.findings, Style::for_descriptor(STDOUT_FILENO)));
    say("");
    say(invariants::summary(outcome.findings, outcome.orders));
  } else {
    print(format_document(invariants::document(outcome.findings), options.format));
  }
  if (!outcome.unsettled.empty()) say_error("msctl: not at rest in time: " + base::joined(outcome.unsettled));
  return invariants::is_failure(outcome.findings, options.require_all) ? failed : ok;
}

base::Result<invariants::Outcome> examine_cluster(const Place& place, spec::Cluster cluster,
                                                  const invariants::Plan& plan) {
  TRY(const auto views, running_services(place));
  const base::SystemClock clock;
  invariants::Pages pages;
  invariants::Doors doors;
  doors.get = [&](std::uint16_t port, const std::string& target) { return pages.get(port, target); };
  doors.operate = [&](const std::string& service, const std::string& operation, const base::Json& request) {
    return operate(place, views, service, operation, request);
  };
  const invariants::Reader reader(std::move(cluster), doors, clock);
  const invariants::World world{[&](bool with_events) { return reader.read(with_events); },
                                [](milliseconds time) { std::this_thread::sleep_for(time); },
                                [](const auto& waits) { show_progress("waiting: " + base::joined(waits)); }, clock};
  return invariants::examine(world, plan);
}

}  // namespace

int verify_invariants(const InvariantsOptions& options) {
  if (options.list) {
    print(options.format == Format::table ? invariants::list_table()
                                          : format_document(invariants::list_document(), options.format));
    return ok;
  }
  const auto plan = plan_of(options, base::SystemClock());
  if (!plan) return report(plan.error());
  const auto place = find_place();
  if (!place) return report(place.error());
  auto cluster = running_cluster(place.value());
  if (!cluster) {
    if (cluster.error().code != base::ErrorCode::unavailable) return report(cluster.error());
    say_error("msctl: " + cluster.error().message);
    return unhealthy;
  }
  const auto outcome = examine_cluster(place.value(), std::move(cluster).value(), plan.value());
  if (outcome) return print_outcome(options, outcome.value());
  show_progress("");
  return report(outcome.error());
}

}  // namespace cli
