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

TEST(Standing, names_the_first_cause_in_the_chain_once) {
  auto cluster = three();
  cluster.services["web"].name = "web";
  cluster.services["web"].depends_on = {{"app", spec::Condition::ready, true}};
  Standing standing(cluster, {"web", "app", "db"});
  standing.set("web", "pending", "waits for app (pending)");
  standing.set("app", "pending", "waits for db (failed)");
  standing.set("db", "failed", "exit code 1");
  EXPECT_EQ(standing.verdict(), Verdict::some_failed);
  const auto causes = standing.causes_of(standing.bad());
  ASSERT_EQ(causes.size(), 1U);
  EXPECT_EQ(causes[0].service, "db");
  EXPECT_THAT(causes[0].blocked, ElementsAre("app", "web"));
}

TEST(Standing, one_that_ended_well_never_becomes_ready) {
  const auto cluster = three();
  Standing standing(cluster, {"app", "db"});
  standing.set("app", "pending", "waits for db (completed)");
  standing.set("db", "completed", "exit code 0");
  EXPECT_EQ(standing.verdict(), Verdict::some_failed);
  EXPECT_EQ(standing.causes_of({"app"})[0].service, "db");
}

TEST(Standing, begins_with_what_runs_but_not_with_what_had_ended) {
  const auto cluster = three();
  Standing standing(cluster, {"app", "db"});
  control::ServiceView view;
  view.name = "app";
  view.state = "pending";
  standing.begin(view);
  view.name = "db";
  view.state = "failed";
  standing.begin(view);
  EXPECT_EQ(standing.verdict(), Verdict::waiting);
  EXPECT_EQ(standing.entries().at("app").state, "pending");
}

TEST(Standing, works_without_the_file_of_a_service) {
  const spec::Cluster empty;
  Standing standing(empty, {"app"});
  standing.set("app", "pending", "waits for db (failed)");
  EXPECT_FALSE(standing.is_bad("app"));
  EXPECT_EQ(standing.causes_of({"app"})[0].service, "app");
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
