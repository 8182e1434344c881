#include "cli/session/standing.hpp"

#include <gmock/gmock.h>

namespace cli {
namespace {

using testing::ElementsAre;

// app requires db and, if it is there, cache.
spec::Cluster three() {
  spec::Cluster cluster;
  for (const char* name : {"app", "cache", "db"}) cluster.services[name].name = name;
  cluster.services["app"].depends_on = {{"db", spec::Condition::ready, true}, {"cache", spec::Condition::ready, false}};
  return cluster;
}

TEST(Standing, is_well_when_all_are_ready_or_completed) {
  const auto cluster = three();
  Standing standing(cluster, {"app", "db"});
  EXPECT_EQ(standing.verdict(), Verdict::waiting);
  standing.set("db", "completed", "");
  standing.set("app", "ready", "");
  standing.set("cache", "failed", "");  // nobody asked for it
  EXPECT_EQ(standing.verdict(), Verdict::all_well);
}

TEST(Standing, pending_behind_a_failed_one_has_failed_too) {
  const auto cluster = three();
  Standing standing(cluster, {"app", "db"});
  standing.set("app", "pending", "waits for db");
  standing.set("db", "starting", "");
  EXPECT_EQ(standing.verdict(), Verdict::waiting);
  standing.set("db", "failed", "exit code 1");
  EXPECT_EQ(standing.verdict(), Verdict::some_failed);
  EXPECT_THAT(standing.bad(), ElementsAre("app", "db"));
  EXPECT_FALSE(standing.any_active());
}

TEST(Standing, waits_for_one_that_starts_again) {
  const auto cluster = three();
  Standing standing(cluster, {"db"});
  standing.set("db", "backoff", "exit code 1");
  EXPECT_EQ(standing.verdict(), Verdict::waiting);
}

TEST(WithRequired, puts_dependencies_first_and_leaves_wishes_out) {
  const auto cluster = three();
  EXPECT_THAT(with_required(cluster, {"app"}), ElementsAre("db", "app"));
  EXPECT_THAT(with_required(cluster, {}), ElementsAre("db", "app", "cache"));
}

}  // namespace
}  // namespace cli
