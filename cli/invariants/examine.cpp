#include "cli/invariants/examine.hpp"

#include <algorithm>

namespace invariants {
namespace {

constexpr std::chrono::milliseconds between{300};

bool holds(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(), [](const auto& one) { return one.status == Status::broken; });
}

bool is_same(const std::vector<Finding>& a, const std::vector<Finding>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Finding& one, const Finding& other) { return one.breaches == other.breaches; });
}

std::size_t count_of(const Facts& facts, const Scope& scope) {
  return static_cast<std::size_t>(
      std::count_if(facts.orders.rows.begin(), facts.orders.rows.end(), [&](const auto& one) {
        return (scope.orders.empty() || scope.orders.contains(one.id)) && one.created_at >= scope.since;
      }));
}

}  // namespace

base::Result<Outcome> examine(const World& world, const Plan& plan) {
  const auto until = world.clock.monotonic() + plan.wait;
  const auto is_over = [&] { return world.clock.monotonic() >= until; };
  for (;;) {
    const auto facts = world.read(false);
    const auto waits = facts ? unsettled(facts.value(), plan.scope) : std::vector{facts.error().message};
    if (waits.empty() || is_over()) break;
    world.on_wait(waits);
    world.pause(between);
  }
  Outcome last;
  for (;;) {
    const auto facts = world.read(true);
    if (!facts && is_over()) return facts.error();
    if (facts) {
      Outcome now;
      now.findings = judge(facts.value(), plan.scope, plan.bounds);
      now.orders = count_of(facts.value(), plan.scope);
      now.unsettled = unsettled(facts.value(), plan.scope);
      if (holds(now.findings) || is_over() || is_same(now.findings, last.findings)) return now;
      last = std::move(now);
    }
    world.pause(between);
  }
}

}  // namespace invariants
