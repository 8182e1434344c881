#include "cli/verbs/up_plan.hpp"

#include <algorithm>

#include "cli/terminal/say.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"
#include "supervisor/spec/load_options.hpp"

namespace cli {
namespace {

// Without a supervisor everything that is asked for would be started, dependencies first.
std::vector<control::PlanView> all_started(const UpOptions& options, const spec::Cluster& cluster) {
  std::vector<control::PlanView> plan;
  const auto names = options.no_deps ? options.services : with_required(cluster, options.services);
  for (const auto& name : names) {
    const auto scaled = options.scale.find(name);
    const int count = scaled == options.scale.end() ? cluster.services.at(name).replicas : scaled->second;
    for (int number = 1; number <= count; ++number) {
      plan.push_back({number == 1 ? name : name + "." + std::to_string(number), "start", "does not run"});
    }
  }
  return plan;
}

}  // namespace

int dry_run(const UpOptions& options, const Place& place, const spec::Cluster& cluster) {
  control::UpRequest request;
  request.services = options.services;
  request.no_deps = options.no_deps;
  request.scale = options.scale;
  request.launch = spec::to_json(place.options);
  auto plan = place.client().plan(request);
  if (!plan && plan.error().code != base::ErrorCode::unavailable) return report(plan.error());
  const auto list = plan ? std::move(plan.value()) : all_started(options, cluster);
  std::vector<Row> rows;
  for (const auto& one : list) rows.push_back({one.instance, one.action, one.reason});
  print(format_table({"INSTANCE", "ACTION", "WHY"}, rows));
  say("nothing was changed");
  const bool all_stay = std::all_of(list.begin(), list.end(), [](const auto& one) { return one.action == "keep"; });
  return all_stay ? ok : would_change;
}

}  // namespace cli
