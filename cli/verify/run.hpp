#pragma once
// Runs checks one after the other on a running cluster: each in its own time, one that fails stops no other, and what
// ran before a check runs again after it.

#include <functional>
#include <vector>

#include "cli/verify/check.hpp"
#include "cli/verify/system_world.hpp"

namespace verify {

// Instances that are not ready (or completed, or stopped on purpose), as "order-service is pending"; waits for them at
// most `patience`. Errors: those of World.
base::Result<std::vector<std::string>> unready(World& world, Ms patience);

// Services that checks go through (gateway, broker, those behind the gateway) and that were stopped or never started,
// as "gateway is stopped". Errors: those of World.
base::Result<std::vector<std::string>> stopped(World& world);

// `on_check` hears which one begins. Ends early, without the check that was running, when the user interrupts.
std::vector<Outcome> run_all(const std::vector<const Check*>& checks, SystemWorld& world,
                             const std::function<void(const Check&)>& on_check);

}  // namespace verify
