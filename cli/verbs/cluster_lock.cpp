#include "cli/verbs/cluster_lock.hpp"

namespace cli {
namespace {

constexpr std::chrono::milliseconds patience{200};

}  // namespace

base::Result<files::Lock> take_cluster(const Place& place) {
  auto lock = files::Lock::take(place.state / "run", patience);
  if (lock || lock.error().code != base::ErrorCode::conflict) return lock;
  return base::fail(base::ErrorCode::conflict,
                    "another `msctl drill` or `msctl verify` is at work on this cluster; wait until it has ended");
}

}  // namespace cli
