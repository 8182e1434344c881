#include "cli/verify/run.hpp"

#include <algorithm>
#include <set>

#include "cli/verify/services.hpp"

namespace verify {
namespace {

constexpr Ms settle_patience{10'000};

bool is_well(const control::ServiceView& view) {
  return view.ready || view.state == "completed" || view.state == "stopped";
}

std::set<std::string> ready_among(const std::vector<control::ServiceView>& views) {
  std::set<std::string> names;
  for (const auto& view : views) {
    if (view.ready) names.insert(view.name);
  }
  return names;
}

base::Result<std::set<std::string>> ready_ones(World& world) {
  TRY(const auto views, world.instances());
  return ready_among(views);
}

// What ran before and does not run now; empty when all is as it was. Waits for what is still stopping as well, which is
// no failure when it takes its time.
std::string not_back(World& world, const std::set<std::string>& before) {
  const Shield shield(world);
  std::string missing;
  const auto back = wait_until(world, settle_patience, [&] {
    const auto views = world.instances();
    missing = views ? "" : views.error().message;
    if (!views) return false;
    const auto now = ready_among(views.value());
    for (const auto& name : before) {
      if (!now.contains(name)) missing = name + " is not ready again";
    }
    for (const auto& name : now) {
      if (!before.contains(name)) missing = name + " still runs";
    }
    const bool any_leaves = std::any_of(views.value().begin(), views.value().end(),
                                        [](const auto& view) { return view.state == "stopping"; });
    return missing.empty() && !any_leaves;
  });
  return back && back.value() ? std::string() : missing;
}

}  // namespace

base::Result<std::vector<std::string>> unready(World& world, Ms patience) {
  std::vector<std::string> names;
  base::Result<void> asked = base::success();
  TRY(wait_until(
      world, patience,
      [&] {
        const auto views = world.instances();
        asked = views ? base::Result<void>(base::success()) : base::Result<void>(views.error());
        names.clear();
        if (!views) return true;
        for (const auto& view : views.value()) {
          if (!is_well(view)) names.push_back(view.name + " is " + view.state);
        }
        return names.empty();
      },
      Ms(50)));
  TRY(asked);
  return names;
}

base::Result<std::vector<std::string>> stopped(World& world) {
  TRY(const auto views, world.instances());
  const auto& cluster = world.cluster();
  std::vector<std::string> names;
  for (const auto& view : views) {
    const auto service = cluster.services.find(view.service);
    if (view.state != "stopped" || service == cluster.services.end()) continue;
    const bool is_needed = service->second.gateway || !service->second.routes.empty() || view.service == cluster.broker;
    if (is_needed) names.push_back(view.name + " is stopped");
  }
  return names;
}

std::vector<Outcome> run_all(const std::vector<const Check*>& checks, SystemWorld& world,
                             const std::function<void(const Check&)>& on_check) {
  std::vector<Outcome> outcomes;
  for (const Check* check : checks) {
    on_check(*check);
    world.begin(check->limit);
    const auto before = ready_ones(world);
    if (!before && before.error().code == base::ErrorCode::cancelled) break;
    Outcome outcome = before ? perform(*check, world) : Outcome{check, failed(before.error().message), 0};
    const std::string missing = before && check->look != nullptr ? not_back(world, before.value()) : std::string();
    if (!missing.empty()) {
      outcome.finding = failed(outcome.finding.evidence + " And the cluster is not as it was before: " + missing + ".");
    }
    const auto goes_on = world.may_go_on();
    world.end();
    if (!goes_on && goes_on.error().code == base::ErrorCode::cancelled) break;
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace verify
