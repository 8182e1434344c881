#include "supervisor/app/supervisor_fixture.hpp"

namespace app {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::exit_1;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::killed;
using testing::SupervisorTest;

TEST_F(SupervisorTest, starts_each_when_its_dependencies_are_ready) {
  make();
  EXPECT_TRUE(up());
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
  make();
  EXPECT_TRUE(up({"app"}));
  EXPECT_THAT(host_.log, ElementsAre("spawn db"));
  EXPECT_EQ(state("app"), "pending");
  EXPECT_EQ(state("web"), "stopped");
  EXPECT_TRUE(supervisor_->stop("app"));
  EXPECT_TRUE(up({"web"}));
  EXPECT_THAT(host_.log, ElementsAre("spawn db", "spawn web"));
}

TEST_F(SupervisorTest, notices_a_fast_start_within_milliseconds) {
  make();
  EXPECT_TRUE(up({"db"}));
  time_.advance(15ms);
  EXPECT_EQ(state("db"), "starting");
  prober_.healthy = {1};
  time_.advance(20ms);
  EXPECT_EQ(state("db"), "ready");
}

TEST_F(SupervisorTest, without_a_probe_running_is_ready) {
  cluster_.services["db"].ready.reset();
  make();
  EXPECT_TRUE(up({"db"}));
  time_.advance(0ms);
  EXPECT_EQ(state("db"), "ready");
  EXPECT_EQ(prober_.asked, 0);
}

TEST_F(SupervisorTest, crash_leads_to_backoff_and_another_start) {
  all_up();
  host_.end("app", killed);
  EXPECT_EQ(state("app"), "backoff");
  EXPECT_EQ(view("app").reason, "signal 9 (SIGKILL); starts again in 0 ms");
  EXPECT_FALSE(view("app").pid);
  time_.advance(10ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn app"));
  EXPECT_EQ(state("app"), "ready");
  EXPECT_EQ(view("app").restarts, 1);
  EXPECT_EQ(view("app").last_exit, "signal 9 (SIGKILL)");
  host_.log.clear();
  host_.end("app", killed);
  EXPECT_EQ(view("app").reason, "signal 9 (SIGKILL); starts again in 50 ms");
  time_.advance(49ms);
  EXPECT_THAT(host_.log, IsEmpty());
  time_.advance(2ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn app"));
}

TEST_F(SupervisorTest, restart_limit_ends_in_failed) {
  cluster_.services["db"].restart.limit = 2;
  make();
  EXPECT_TRUE(up({"db"}));
  for (int i = 0; i < 3; ++i) {
    time_.advance(0ms);
    EXPECT_NE(state("db"), "failed");
    host_.end("db", exit_1);
    time_.advance(500ms);
  }
  EXPECT_EQ(state("db"), "failed");
  EXPECT_EQ(view("db").reason, "exit code 1; gave up after 2 restarts in a row");
  EXPECT_EQ(host_.log.size(), 3U);
}

TEST_F(SupervisorTest, success_is_completed_unless_the_policy_is_always) {
  all_up();
  host_.end("web", 0);
  EXPECT_EQ(state("web"), "completed");
}

TEST_F(SupervisorTest, success_starts_again_where_the_policy_is_always) {
  cluster_.services["app"].restart.policy = spec::RestartPolicy::always;
  all_up();
  host_.end("app", 0);
  EXPECT_EQ(state("app"), "backoff");
}

TEST_F(SupervisorTest, other_codes_can_mean_success) {
  cluster_.services["web"].restart.success_codes = {0, 3};
  all_up();
  host_.end("web", 3 << 8);
  EXPECT_EQ(state("web"), "completed");
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
  EXPECT_EQ(up({}).error().code, base::ErrorCode::conflict);
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
  make();
  EXPECT_TRUE(up({"app"}));
  EXPECT_EQ(state("db"), "failed");
  EXPECT_EQ(view("db").reason, "cannot run db");
  EXPECT_EQ(state("app"), "pending");
  EXPECT_EQ(view("app").reason, "waits for db (failed)");
}

TEST_F(SupervisorTest, tells_where_the_log_of_this_start_begins) {
  cluster_.services["db"].restart.policy = spec::RestartPolicy::no;
  make();
  EXPECT_TRUE(up({"db"}));
  host_.end("db", exit_1);
  EXPECT_EQ(view("db").log_from, 101U);  // what the fake host says
  EXPECT_EQ(supervisor_->events().after(0).back().log_from, 101U);
  host_.missing = {"db"};
  EXPECT_TRUE(up({"db"}));
  EXPECT_EQ(state("db"), "failed");
  EXPECT_FALSE(view("db").log_from);
}

TEST_F(SupervisorTest, up_tries_again_what_has_failed) {
  host_.missing = {"db"};
  make();
  EXPECT_TRUE(up({"app"}));
  EXPECT_EQ(state("db"), "failed");
  host_.missing.clear();
  prober_.healthy = {1, 2};
  EXPECT_TRUE(up({"app"}));
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
  make();
  EXPECT_TRUE(up({"db"}));
  EXPECT_EQ(view("db").reason, "port 1 (http) is taken by pid 42 (nginx -g daemon)");
  EXPECT_EQ(state("db"), "failed");
  EXPECT_THAT(host_.log, IsEmpty());
}

TEST_F(SupervisorTest, a_port_that_we_hold_ourselves_is_not_taken) {
  port_table_.taken[1] = {42, "msctl keeper db"};
  plans_.held = {"db.http"};
  make();
  EXPECT_TRUE(up({"db"}));
  EXPECT_THAT(host_.log, ElementsAre("spawn db"));
}

TEST_F(SupervisorTest, an_image_is_started_once_its_engine_answers) {
  cluster_.services["db"].source = spec::Source::image;
  prober_.good = {"engine"};
  prober_.delay = 30ms;
  make();
  EXPECT_TRUE(up({"db"}));
  EXPECT_EQ(state("db"), "starting");
  EXPECT_THAT(host_.log, IsEmpty());
  time_.advance(30ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn db"));
}

TEST_F(SupervisorTest, an_image_whose_engine_does_not_answer_has_failed) {
  cluster_.services["db"].source = spec::Source::image;
  prober_.problem = "exit code 1: no daemon";
  make();
  EXPECT_TRUE(up({"db"}));
  EXPECT_EQ(state("db"), "failed");
  EXPECT_EQ(view("db").reason, "`engine info` fails, which the image needs: exit code 1: no daemon");
  EXPECT_THAT(host_.log, IsEmpty());
}

TEST_F(SupervisorTest, an_image_that_is_stopped_before_its_engine_answers_is_not_started) {
  cluster_.services["db"].source = spec::Source::image;
  prober_.good = {"engine"};
  prober_.delay = 30ms;
  auto& supervisor = make();
  EXPECT_TRUE(up({"db"}));
  EXPECT_TRUE(supervisor.stop("db"));
  EXPECT_EQ(state("db"), "stopping");
  time_.advance(30ms);
  EXPECT_EQ(state("db"), "stopped");
  EXPECT_THAT(host_.log, IsEmpty());
  EXPECT_TRUE(up({"db"}));
  EXPECT_TRUE(supervisor.restart("db"));
  time_.advance(60ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn db"));
}

TEST_F(SupervisorTest, the_end_of_an_image_counts_once_its_container_is_removed) {
  cluster_.services["web"].source = spec::Source::image;
  prober_.good = {"engine"};
  all_up();
  prober_.delay = 30ms;
  EXPECT_TRUE(supervisor_->stop("web"));
  host_.end("web", killed);
  EXPECT_EQ(state("web"), "stopping");
  EXPECT_THAT(prober_.questions.back().argv, ElementsAre("engine", "rm"));
  EXPECT_TRUE(host_.released.empty());
  time_.advance(30ms);
  EXPECT_EQ(state("web"), "stopped");
  EXPECT_EQ(host_.released.size(), 1U);
}

TEST_F(SupervisorTest, start_that_takes_too_long_is_ended) {
  auto& db = cluster_.services["db"];
  db.ready->start_period = 1000ms;
  db.restart.policy = spec::RestartPolicy::no;
  make();
  EXPECT_TRUE(up({"db"}));
  time_.advance(1001ms);
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
  make();
  EXPECT_TRUE(up());
  time_.advance(100ms);
  EXPECT_EQ(book_.writes, 1);
  EXPECT_EQ(book_.last.instances.size(), 3U);
  EXPECT_TRUE(book_.last.instances["db"].process);
  cluster_.services["db"].restart.limit = 0;
  supervisor_->stop("db");
  host_.end("db", exit_1);
  time_.advance(100ms);
  EXPECT_FALSE(book_.last.instances["db"].process);
  EXPECT_EQ(book_.last.instances["db"].last_exit, "exit code 1");
}

TEST_F(SupervisorTest, events_tell_the_whole_story) {
  prober_.healthy = {1};
  make();
  EXPECT_TRUE(up({"db"}));
  time_.advance(10ms);
  std::vector<std::string> told;
  for (const auto& event : supervisor_->events().after(0)) told.push_back(event.service + " " + event.state);
  EXPECT_THAT(told, ElementsAre("db pending", "db starting", "db ready"));
}

TEST_F(SupervisorTest, unknown_names_are_refused_and_nothing_starts) {
  auto& supervisor = make();
  EXPECT_EQ(up({"db", "nobody"}).error().code, base::ErrorCode::not_found);
  EXPECT_EQ(supervisor.stop("nobody").error().code, base::ErrorCode::not_found);
  EXPECT_EQ(supervisor.restart("nobody").error().code, base::ErrorCode::not_found);
  EXPECT_THAT(host_.log, IsEmpty());
}

TEST_F(SupervisorTest, reply_shows_what_was_before) {
  all_up();
  const auto reply = up({"app"});
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply.value().services.size(), 2U);
  EXPECT_EQ(reply.value().services[0].name, "db");
  EXPECT_EQ(reply.value().services[1].state, "ready");
}

TEST_F(SupervisorTest, many_services_need_no_deep_stack) {
  cluster_.services.clear();
  for (int i = 0; i < 5000; ++i) add("s" + std::to_string(i), 1).ready.reset();
  make();
  EXPECT_TRUE(up());
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
