#include "supervisor/app/supervisor.hpp"

#include <gmock/gmock.h>

#include "supervisor/app/fakes.hpp"

namespace app {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::FakeBook;
using testing::FakeHost;
using testing::FakePortTable;
using testing::FakeProber;
using testing::FakeTime;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ZeroRandom;

constexpr int killed = 9;
constexpr int exit_1 = 1 << 8;

class SupervisorTest : public ::testing::Test {
 protected:
  // db on port 1, app on port 2 requires db, web on port 3 comes after app if that is wanted.
  SupervisorTest() {
    add("db", 1);
    add("app", 2).depends_on = {{"db", spec::Condition::ready, true}};
    add("web", 3).depends_on = {{"app", spec::Condition::ready, false}};
  }

  spec::Service& add(const std::string& name, std::uint16_t port) {
    auto& service = cluster_.services[name];
    service.name = name;
    service.ports = {{"http", port}};
    service.ready = spec::Probe{};
    return service;
  }

  Supervisor& make() {
    const SpawnPlan plan = [](const spec::Service& service) {
      ports::SpawnSpec spawn;
      spawn.service = service.name;
      spawn.log_from = 40;
      return base::Result<ports::SpawnSpec>(spawn);
    };
    supervisor_ = std::make_unique<Supervisor>(
        cluster_, Outside{host_, prober_, time_, port_table_, book_, time_, random_, plan});
    return *supervisor_;
  }

  // Starts all with every probe good.
  Supervisor& all_up() {
    prober_.healthy = {1, 2, 3};
    Supervisor& supervisor = make();
    EXPECT_TRUE(supervisor.up({}));
    time_.advance(100ms);
    host_.log.clear();
    return supervisor;
  }

  control::ServiceView view(const std::string& name) const {
    for (const auto& one : supervisor_->services()) {
      if (one.name == name) return one;
    }
    return {};
  }
  std::string state(const std::string& name) const { return view(name).state; }

  spec::Cluster cluster_;
  FakeTime time_;
  FakeHost host_;
  FakeProber prober_{time_};
  FakePortTable port_table_;
  FakeBook book_;
  ZeroRandom random_;
  std::unique_ptr<Supervisor> supervisor_;
};

TEST_F(SupervisorTest, starts_each_when_its_dependencies_are_ready) {
  EXPECT_TRUE(make().up({}));
  EXPECT_THAT(host_.log, ElementsAre("spawn db"));
  EXPECT_EQ(view("app").reason, "waits for db (starting)");
  prober_.healthy = {1};
  time_.advance(100ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn db", "spawn app"));
  prober_.healthy = {1, 2, 3};
  time_.advance(200ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn db", "spawn app", "spawn web"));
  EXPECT_EQ(state("web"), "ready");
}

TEST_F(SupervisorTest, pulls_in_what_is_required_but_not_what_only_orders) {
  EXPECT_TRUE(make().up({"app"}));
  EXPECT_THAT(host_.log, ElementsAre("spawn db"));
  EXPECT_EQ(state("app"), "pending");
  EXPECT_EQ(state("web"), "stopped");
  EXPECT_TRUE(supervisor_->stop("app"));
  EXPECT_TRUE(supervisor_->up({"web"}));
  EXPECT_THAT(host_.log, ElementsAre("spawn db", "spawn web"));
}

TEST_F(SupervisorTest, notices_a_fast_start_within_milliseconds) {
  EXPECT_TRUE(make().up({"db"}));
  time_.advance(15ms);
  EXPECT_EQ(state("db"), "starting");
  prober_.healthy = {1};
  time_.advance(20ms);
  EXPECT_EQ(state("db"), "ready");
}

TEST_F(SupervisorTest, without_a_probe_running_is_ready) {
  cluster_.services["db"].ready.reset();
  EXPECT_TRUE(make().up({"db"}));
  time_.advance(0ms);
  EXPECT_EQ(state("db"), "ready");
  EXPECT_EQ(prober_.asked, 0);
}

TEST_F(SupervisorTest, crash_leads_to_backoff_and_another_start) {
  all_up();
  host_.end("app", killed);
  EXPECT_EQ(state("app"), "backoff");
  EXPECT_EQ(view("app").reason, "signal 9 (SIGKILL); starts again in 50 ms");
  EXPECT_FALSE(view("app").pid);
  time_.advance(49ms);
  EXPECT_THAT(host_.log, IsEmpty());
  time_.advance(50ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn app"));
  EXPECT_EQ(state("app"), "ready");
  EXPECT_EQ(view("app").restarts, 1);
}

TEST_F(SupervisorTest, restart_limit_ends_in_failed) {
  cluster_.services["db"].restart.limit = 2;
  EXPECT_TRUE(make().up({"db"}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(state("db"), "failed");
    host_.end("db", exit_1);
    time_.advance(500ms);
  }
  EXPECT_EQ(state("db"), "failed");
  EXPECT_EQ(view("db").reason, "exit code 1");
  EXPECT_EQ(host_.log.size(), 3U);
}

TEST_F(SupervisorTest, success_is_completed_unless_the_policy_is_always) {
  all_up();
  host_.end("web", 0);
  EXPECT_EQ(state("web"), "completed");
  cluster_.services["app"].restart.policy = spec::RestartPolicy::always;
  host_.end("app", 0);
  EXPECT_EQ(state("app"), "backoff");
}

TEST_F(SupervisorTest, goes_down_in_reverse_order) {
  auto& supervisor = all_up();
  int done = 0;
  supervisor.shut_down([&] { ++done; });
  EXPECT_THAT(host_.log, ElementsAre("terminate web"));
  host_.end("web", 0);
  EXPECT_THAT(host_.log, ElementsAre("terminate web", "terminate app"));
  host_.end("app", 0);
  host_.end("db", 0);
  EXPECT_EQ(done, 0);
  time_.advance(0ms);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(supervisor.counts(), (std::map<std::string, int>{{"stopped", 3}}));
  EXPECT_EQ(supervisor.up({}).error().code, base::ErrorCode::conflict);
}

TEST_F(SupervisorTest, going_down_without_any_process_is_done_at_once) {
  int done = 0;
  make().shut_down([&] { ++done; });
  time_.advance(0ms);
  EXPECT_EQ(done, 1);
}

TEST_F(SupervisorTest, kills_what_does_not_end_in_its_grace) {
  cluster_.services["web"].stop_grace = 300ms;
  EXPECT_TRUE(all_up().stop("web"));
  time_.advance(299ms);
  EXPECT_THAT(host_.log, ElementsAre("terminate web"));
  time_.advance(1ms);
  EXPECT_THAT(host_.log, ElementsAre("terminate web", "kill web"));
  host_.end("web", killed);
  EXPECT_EQ(state("web"), "stopped");
}

TEST_F(SupervisorTest, restart_waits_for_the_old_process) {
  EXPECT_TRUE(all_up().restart("app"));
  EXPECT_EQ(state("app"), "stopping");
  EXPECT_THAT(host_.log, ElementsAre("terminate app"));
  host_.end("app", 0);
  EXPECT_THAT(host_.log, ElementsAre("terminate app", "spawn app"));
  EXPECT_EQ(view("app").restarts, 0);
}

TEST_F(SupervisorTest, missing_program_has_failed_and_its_dependents_wait) {
  host_.missing = {"db"};
  EXPECT_TRUE(make().up({"app"}));
  EXPECT_EQ(state("db"), "failed");
  EXPECT_EQ(view("db").reason, "cannot run db");
  EXPECT_EQ(state("app"), "pending");
  EXPECT_EQ(view("app").reason, "waits for db (failed)");
}

TEST_F(SupervisorTest, tells_where_the_log_of_this_start_begins) {
  cluster_.services["db"].restart.policy = spec::RestartPolicy::no;
  EXPECT_TRUE(make().up({"db"}));
  host_.end("db", exit_1);
  EXPECT_EQ(view("db").log_from, 40U);
  EXPECT_EQ(supervisor_->events().after(0).back().log_from, 40U);
  host_.missing = {"db"};
  EXPECT_TRUE(supervisor_->up({"db"}));
  EXPECT_EQ(state("db"), "failed");
  EXPECT_FALSE(view("db").log_from);
}

TEST_F(SupervisorTest, up_tries_again_what_has_failed) {
  host_.missing = {"db"};
  EXPECT_TRUE(make().up({"app"}));
  EXPECT_EQ(state("db"), "failed");
  host_.missing.clear();
  prober_.healthy = {1, 2};
  EXPECT_TRUE(supervisor_->up({"app"}));
  time_.advance(200ms);
  EXPECT_EQ(state("db"), "ready");
  EXPECT_EQ(state("app"), "ready");
}

TEST_F(SupervisorTest, restart_means_what_it_requires_as_well_and_leaves_others_alone) {
  const auto reply = all_up().restart("app");
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply.value().services.size(), 2U);
  EXPECT_EQ(reply.value().services[0].name, "db");
  EXPECT_THAT(host_.log, ElementsAre("terminate app"));
}

TEST_F(SupervisorTest, taken_port_is_seen_before_anything_starts) {
  port_table_.taken[1] = {42, "nginx -g daemon"};
  EXPECT_TRUE(make().up({"db"}));
  EXPECT_EQ(view("db").reason, "port 1 (http) is taken by pid 42 (nginx -g daemon)");
  EXPECT_EQ(state("db"), "failed");
  EXPECT_THAT(host_.log, IsEmpty());
}

TEST_F(SupervisorTest, start_that_takes_too_long_is_ended) {
  auto& db = cluster_.services["db"];
  db.ready->start_period = 1000ms;
  db.restart.policy = spec::RestartPolicy::no;
  EXPECT_TRUE(make().up({"db"}));
  time_.advance(1000ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn db", "terminate db"));
  host_.end("db", 0);
  EXPECT_EQ(state("db"), "failed");
  EXPECT_THAT(view("db").reason, HasSubstr("not ready within 1 s"));
  EXPECT_THAT(view("db").reason, HasSubstr("connection refused"));
}

TEST_F(SupervisorTest, readiness_comes_and_goes) {
  all_up();
  prober_.healthy = {1, 3};
  time_.advance(5s);
  EXPECT_EQ(state("app"), "ready");  // two failures are not three
  time_.advance(3s);
  EXPECT_EQ(state("app"), "degraded");
  prober_.healthy = {1, 2, 3};
  time_.advance(2s);
  EXPECT_EQ(state("app"), "ready");
  EXPECT_THAT(host_.log, IsEmpty());
}

TEST_F(SupervisorTest, dead_liveness_means_another_process) {
  cluster_.services["db"].ports["admin"] = 9;
  cluster_.services["db"].live = spec::Probe{};
  cluster_.services["db"].live->port = "admin";
  prober_.healthy = {9};
  all_up();
  prober_.healthy = {1, 2, 3};
  time_.advance(7s);
  EXPECT_THAT(host_.log, ElementsAre("terminate db"));
  host_.end("db", 0);
  EXPECT_EQ(state("db"), "backoff");
}

TEST_F(SupervisorTest, book_holds_who_runs_in_one_write_for_many_starts) {
  for (auto& [name, service] : cluster_.services) service.depends_on.clear();
  EXPECT_TRUE(make().up({}));
  time_.advance(0ms);
  EXPECT_EQ(book_.writes, 1);
  EXPECT_EQ(book_.last.size(), 3U);
  host_.end("db", exit_1);
  time_.advance(0ms);
  EXPECT_FALSE(book_.last.contains("db"));
}

TEST_F(SupervisorTest, events_tell_the_whole_story) {
  prober_.healthy = {1};
  EXPECT_TRUE(make().up({"db"}));
  time_.advance(10ms);
  std::vector<std::string> told;
  for (const auto& event : supervisor_->events().after(0)) told.push_back(event.service + " " + event.state);
  EXPECT_THAT(told, ElementsAre("db pending", "db starting", "db ready"));
}

TEST_F(SupervisorTest, unknown_names_are_refused_and_nothing_starts) {
  auto& supervisor = make();
  EXPECT_EQ(supervisor.up({"db", "nobody"}).error().code, base::ErrorCode::not_found);
  EXPECT_EQ(supervisor.stop("nobody").error().code, base::ErrorCode::not_found);
  EXPECT_EQ(supervisor.restart("nobody").error().code, base::ErrorCode::not_found);
  EXPECT_THAT(host_.log, IsEmpty());
}

TEST_F(SupervisorTest, reply_shows_what_was_before) {
  all_up();
  const auto reply = supervisor_->up({"app"});
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply.value().services.size(), 2U);
  EXPECT_EQ(reply.value().services[0].name, "db");
  EXPECT_EQ(reply.value().services[1].state, "ready");
}

TEST_F(SupervisorTest, many_services_need_no_deep_stack) {
  cluster_.services.clear();
  for (int i = 0; i < 5000; ++i) add("s" + std::to_string(i), 1).ready.reset();
  EXPECT_TRUE(make().up({}));
  time_.advance(0ms);
  EXPECT_EQ(supervisor_->counts()["ready"], 5000);
}

TEST_F(SupervisorTest, health_is_asked_afresh_and_has_the_checks) {
  auto& supervisor = all_up();
  prober_.body = R"({"status": "degraded", "checks": {"database": {"status": "down", "required": false}}})";
  control::HealthReport report;
  supervisor.health([&](control::HealthReport made) { report = std::move(made); });
  time_.advance(0ms);
  EXPECT_TRUE(report.ready);
  ASSERT_EQ(report.services.size(), 3U);
  ASSERT_EQ(report.services[0].ready.checks.size(), 1U);
  EXPECT_EQ(report.services[0].ready.status, "degraded");
  EXPECT_EQ(report.services[0].ready.checks[0].name, "database");
  EXPECT_FALSE(report.services[0].ready.checks[0].ok);
  prober_.healthy = {1, 2};
  supervisor.health([&](control::HealthReport made) { report = std::move(made); });
  time_.advance(0ms);
  EXPECT_FALSE(report.ready);
}

}  // namespace
}  // namespace app
