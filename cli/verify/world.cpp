#include "cli/verify/world.hpp"

namespace verify {

base::Result<bool> wait_until(World& world, Ms patience, const std::function<bool()>& is_true, Ms between) {
  const auto deadline = world.clock().monotonic() + patience;
  for (;;) {
    TRY(world.may_go_on());
    if (is_true()) return true;
    if (world.clock().monotonic() >= deadline) return false;
    world.pause(between);
  }
}

std::int64_t ms_since(const World& world, base::Monotonic began) {
  return std::chrono::duration_cast<Ms>(world.clock().monotonic() - began).count();
}

}  // namespace verify
