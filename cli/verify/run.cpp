#include "cli/verify/run.hpp"

#include <set>

#include "cli/verify/services.hpp"

namespace verify {
namespace {

constexpr Ms settle_patience{10'000};

bool is_well(const control::ServiceView& view) {
  return view.ready || view.state == "completed" || view.state == "stopped";
}

base::Result<std::set<std::string>> ready_ones(World& world) {
  TRY(const auto views, world.instances());
  std::set<std::string> names;
  for (const auto& view : views) {
    if (view.ready) names.insert(view.name);
  }
  return names;
}

// What ran before and does not run now; empty when all is as it was.
std::string not_back(World& world, const std::set<std::string>& before) {
  const Shield shield(world);
  std::string missing;
  const auto back = wait_until(world, settle_patience, [&] {
    const auto now = ready_ones(world);
    missing = now ? "" : now.error().message;
    if (!now) return false;
    for (const auto& name : before) {
      if (!now.value().contains(name)) missing = name + " is not ready again";
    }
    for (const auto& name : now.value()) {
      if (!before.contains(name)) missing = name + " still runs";
    }
    return missing.empty();
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
