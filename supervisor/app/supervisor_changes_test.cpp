// Dependencies that crash, several instances, rolling restarts, other files, and what an earlier supervisor left.

#include "supervisor/app/supervisor_fixture.hpp"

namespace app {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::exit_1;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::killed;
using testing::SupervisorTest;

class Changes : public SupervisorTest {
 protected:
  // web's only port is a held socket, so that two of it can run at once.
  void let_web_surge() { cluster_.services["web"].sockets = {"http"}; }

  std::vector<std::string> told_of(const std::string& instance, std::uint64_t after) const {
    std::vector<std::string> told;
    for (const auto& event : supervisor_->events().after(after)) {
      if (event.service == instance) told.push_back(event.state);
    }
    return told;
  }
};

TEST_F(Changes, a_crashed_dependency_is_ignored_by_default) {
  all_up();
  host_.end("db", killed);
  time_.advance(1s);
  EXPECT_THAT(host_.log, ElementsAre("spawn db"));
  EXPECT_EQ(state("app"), "ready");
}

TEST_F(Changes, a_held_dependent_stops_and_comes_back_with_its_dependency) {
  cluster_.services["app"].depends_on[0].on_crash = spec::OnCrash::hold;
  all_up();
  prober_.healthy = {2, 3};
  host_.end("db", killed);
  EXPECT_THAT(host_.log, ElementsAre("terminate app"));
  host_.end("app", 0);
  time_.advance(1s);
  EXPECT_EQ(state("app"), "pending");
  EXPECT_EQ(view("app").reason, "waits for db (starting)");
  prober_.healthy = {1, 2, 3};
  time_.advance(1s);
  EXPECT_EQ(state("app"), "ready");
  EXPECT_EQ(view("app").restarts, 0);
}

TEST_F(Changes, a_dependent_that_restarts_runs_on_until_its_dependency_is_back) {
  cluster_.services["app"].depends_on[0].on_crash = spec::OnCrash::restart;
  all_up();
  prober_.healthy = {2, 3};
  host_.end("db", killed);
  time_.advance(1s);
  EXPECT_THAT(host_.log, ElementsAre("spawn db"));
  prober_.healthy = {1, 2, 3};
  time_.advance(1s);
  EXPECT_THAT(host_.log, ElementsAre("spawn db", "terminate app"));
}

TEST_F(Changes, an_operators_stop_is_no_crash) {
  cluster_.services["app"].depends_on[0].on_crash = spec::OnCrash::hold;
  all_up();
  EXPECT_TRUE(supervisor_->stop("db"));
  host_.end("db", exit_1);
  EXPECT_THAT(host_.log, ElementsAre("terminate db"));
  EXPECT_EQ(state("app"), "ready");
}

TEST_F(Changes, no_deps_starts_at_once_and_alone) {
  auto& supervisor = make();
  auto wanted = request({"app"});
  wanted.no_deps = true;
  EXPECT_TRUE(supervisor.up(wanted));
  EXPECT_THAT(host_.log, ElementsAre("spawn app"));
  EXPECT_EQ(state("db"), "stopped");
}

TEST_F(Changes, scales_up_and_down) {
  all_up();
  EXPECT_EQ(supervisor_->scale("nobody", 2).error().code, base::ErrorCode::not_found);
  const auto reply = supervisor_->scale("web", 3);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply.value().services.size(), 3U);
  EXPECT_EQ(book_.last.replicas.at("web"), 3) << "at once: the supervisor may be killed the next moment";
  time_.advance(0ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn web.2", "spawn web.3"));
  EXPECT_EQ(view("web.2").service, "web");
  EXPECT_NE(view("web.2").ports.at("http"), view("web.3").ports.at("http"));
  prober_.healthy.insert({1000, 1001});
  time_.advance(1s);
  EXPECT_EQ(state("web.3"), "ready");
  host_.log.clear();
  EXPECT_TRUE(supervisor_->scale("web", 1));
  EXPECT_THAT(host_.log, ElementsAre("terminate web.2", "terminate web.3"));
  host_.end("web.2", 0);
  host_.end("web.3", 0);
  time_.advance(0ms);
  EXPECT_EQ(view("web.2").name, "");
  EXPECT_EQ(state("web"), "ready");
}

TEST_F(Changes, one_instance_can_be_stopped_and_started) {
  cluster_.services["web"].replicas = 2;
  prober_.healthy = {1, 2, 3, 1000};
  all_up();
  EXPECT_TRUE(supervisor_->stop("web.2"));
  EXPECT_THAT(host_.log, ElementsAre("terminate web.2"));
  host_.end("web.2", 0);
  EXPECT_EQ(state("web"), "ready");
  EXPECT_EQ(supervisor_->stop("web.3").error().code, base::ErrorCode::not_found);
  EXPECT_TRUE(supervisor_->start("web.2"));
  EXPECT_THAT(host_.log, ElementsAre("terminate web.2", "spawn web.2"));
}

TEST_F(Changes, a_service_serves_while_one_of_its_instances_does) {
  cluster_.services["db"].replicas = 2;
  cluster_.services["app"].depends_on[0].on_crash = spec::OnCrash::hold;
  prober_.healthy = {1, 2, 3, 1000};
  all_up();
  time_.advance(1s);
  host_.end("db", killed);
  EXPECT_THAT(host_.log, IsEmpty());
  EXPECT_EQ(state("app"), "ready");
}

TEST_F(Changes, rolling_restart_starts_the_new_process_first) {
  let_web_surge();
  all_up();
  const auto before = supervisor_->events().last();
  const auto old = view("web").pid;
  prober_.healthy = {1, 2};
  EXPECT_TRUE(supervisor_->roll("web"));
  EXPECT_TRUE(view("web").replacing);
  time_.advance(0ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn web"));
  EXPECT_EQ(view("web").pid, old);
  EXPECT_EQ(supervisor_->roll("web").error().code, base::ErrorCode::conflict);
  prober_.healthy = {1, 2, 3};
  time_.advance(100ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn web", "terminate web"));
  EXPECT_NE(view("web").pid, old);
  EXPECT_EQ(host_.count("web"), 2);
  host_.end("web", 0);
  time_.advance(0ms);
  EXPECT_EQ(host_.count("web"), 1);
  EXPECT_EQ(state("web"), "ready");
  EXPECT_FALSE(view("web").replacing);
  EXPECT_THAT(told_of("web", before), ElementsAre("pending", "starting", "ready"));
}

TEST_F(Changes, a_successor_is_not_ready_because_its_predecessor_answers) {
  let_web_surge();
  all_up();
  host_.say("web", "READY=1");
  const auto old = view("web").pid;
  EXPECT_TRUE(supervisor_->roll("web"));
  time_.advance(1s);
  EXPECT_THAT(host_.log, ElementsAre("spawn web"));
  EXPECT_EQ(view("web").pid, old);
  host_.say_newest("web", "READY=1");
  EXPECT_THAT(host_.log, ElementsAre("spawn web", "terminate web"));
  EXPECT_NE(view("web").pid, old);
}

TEST_F(Changes, rolling_restart_that_fails_leaves_the_old_process) {
  let_web_surge();
  all_up();
  const auto before = supervisor_->events().last();
  const auto old = view("web").pid;
  EXPECT_TRUE(supervisor_->roll("web"));
  host_.missing = {"web"};
  prober_.healthy = {1, 2};
  time_.advance(1ms);
  // The new one dies before it is ready; the old one is ended first in the fake, so that it is told by its exit.
  host_.end_newest("web", exit_1);
  time_.advance(10s);
  EXPECT_EQ(view("web").pid, old);
  EXPECT_THAT(told_of("web", before), Contains("failed"));
  EXPECT_THAT(view("web").reason, ::testing::Not(HasSubstr("asked to stop")));
  EXPECT_EQ(host_.count("web"), 1);
}

TEST_F(Changes, rolling_restart_without_held_sockets_is_one_after_the_other) {
  cluster_.services["web"].replicas = 2;
  prober_.healthy = {1, 2, 3, 1000};
  all_up();
  EXPECT_TRUE(supervisor_->roll("web"));
  EXPECT_THAT(host_.log, ElementsAre("terminate web"));
  host_.end("web", 0);
  EXPECT_THAT(host_.log, ElementsAre("terminate web", "spawn web"));
  time_.advance(100ms);
  EXPECT_THAT(host_.log, ElementsAre("terminate web", "spawn web", "terminate web.2"));
}

TEST_F(Changes, stop_ends_a_rolling_restart) {
  let_web_surge();
  all_up();
  EXPECT_TRUE(supervisor_->roll("web"));
  time_.advance(0ms);
  EXPECT_TRUE(supervisor_->stop("web"));
  host_.end("web", 0);
  host_.end("web", 0);
  time_.advance(1s);
  EXPECT_EQ(state("web"), "stopped");
  EXPECT_EQ(host_.count("web"), 0);
  EXPECT_TRUE(plans_.closed.contains("web"));
}

TEST_F(Changes, other_files_change_only_what_they_change) {
  all_up();
  spec::Cluster fresh = cluster_;
  fresh.services["app"].version = "2";
  fresh.services.erase("web");
  spec::Service job;
  job.name = "job";
  fresh.services["job"] = job;
  supervisor_->reload(fresh);
  EXPECT_THAT(host_.log, ElementsAre("terminate web", "terminate app"));
  host_.end("web", 0);
  host_.end("app", 0);
  EXPECT_TRUE(up());
  time_.advance(100ms);
  EXPECT_THAT(host_.log, ElementsAre("terminate web", "terminate app", "spawn app", "spawn job"));
  EXPECT_EQ(state("job"), "ready");
  EXPECT_EQ(view("web").name, "");
  EXPECT_EQ(view("db").restarts, 0);
}

TEST_F(Changes, a_changed_service_with_held_sockets_is_replaced_without_a_gap) {
  let_web_surge();
  all_up();
  host_.say("web", "READY=1");
  spec::Cluster fresh = cluster_;
  fresh.services["web"].version = "2";
  supervisor_->reload(fresh);
  time_.advance(1s);
  EXPECT_THAT(host_.log, ElementsAre("spawn web"));
  EXPECT_TRUE(view("web").replacing);
  host_.say_newest("web", "READY=1");
  EXPECT_THAT(host_.log, ElementsAre("spawn web", "terminate web"));
}

TEST_F(Changes, a_change_while_one_is_replaced_comes_after_it) {
  let_web_surge();
  all_up();
  host_.say("web", "READY=1");
  spec::Cluster fresh = cluster_;
  fresh.services["web"].version = "2";
  supervisor_->reload(fresh);
  time_.advance(1s);
  host_.say_newest("web", "READY=1");
  fresh.services["web"].version = "3";
  supervisor_->reload(fresh);
  EXPECT_THAT(host_.log, ElementsAre("spawn web", "terminate web"));
  host_.end("web", 0);
  time_.advance(0ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn web", "terminate web", "spawn web"));
  EXPECT_TRUE(view("web").replacing);
}

TEST_F(Changes, a_change_comes_also_after_a_successor_that_failed) {
  let_web_surge();
  all_up();
  host_.say("web", "READY=1");
  spec::Cluster fresh = cluster_;
  fresh.services["web"].version = "2";
  supervisor_->reload(fresh);
  time_.advance(0ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn web"));
  fresh.services["web"].version = "3";
  supervisor_->reload(fresh);
  host_.end_newest("web", exit_1);
  time_.advance(0ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn web", "spawn web"));
  host_.end_newest("web", exit_1);
  time_.advance(1s);
  EXPECT_THAT(host_.log, ElementsAre("spawn web", "spawn web"));  // nothing changed since
}

TEST_F(Changes, a_service_that_bound_its_port_itself_is_replaced_in_place_when_it_is_to_be_held) {
  all_up();
  spec::Cluster fresh = cluster_;
  fresh.services["web"].version = "2";
  fresh.services["web"].sockets = {"http"};
  supervisor_->reload(fresh);
  EXPECT_THAT(host_.log, ElementsAre("terminate web"));
  host_.end("web", 0);
  EXPECT_THAT(host_.log, ElementsAre("terminate web", "spawn web"));
}

TEST_F(Changes, a_successor_that_cannot_start_is_told_once) {
  let_web_surge();
  all_up();
  const auto before = supervisor_->events().last();
  host_.missing = {"web"};
  EXPECT_TRUE(supervisor_->roll("web"));
  time_.advance(1s);
  EXPECT_THAT(told_of("web", before), ElementsAre("pending", "failed", "ready"));
}

TEST_F(Changes, a_job_that_is_done_runs_again_only_when_asked_for_or_changed) {
  spec::Service job;
  job.name = "job";
  job.version = "1";
  cluster_.services["job"] = job;
  all_up();
  host_.end("job", 0);
  EXPECT_EQ(state("job"), "completed");
  EXPECT_TRUE(up());
  EXPECT_THAT(host_.log, IsEmpty());
  EXPECT_TRUE(up({"job"}));
  EXPECT_THAT(host_.log, ElementsAre("spawn job"));
  host_.end("job", 0);
  spec::Cluster fresh = cluster_;
  fresh.services["job"].version = "2";
  supervisor_->reload(fresh);
  EXPECT_TRUE(up());
  EXPECT_THAT(host_.log, ElementsAre("spawn job", "spawn job"));
}

TEST_F(Changes, takes_over_what_still_runs_without_starting_it_again) {
  prober_.healthy = {1, 2, 3};
  auto& supervisor = make();
  auto found = host_.keep("db@7", {"db", 4, ""});
  found.sockets = {{"http", -1}};
  supervisor.adopt({found}, {});
  EXPECT_EQ(state("db"), "starting");
  time_.advance(100ms);
  EXPECT_EQ(state("db"), "ready");
  EXPECT_EQ(view("db").restarts, 4);
  EXPECT_EQ(plans_.adopted["db"], 1U);
  EXPECT_TRUE(up({"app"}));
  EXPECT_THAT(host_.log, ElementsAre("spawn app"));
  host_.end("db", killed);
  time_.advance(100ms);
  EXPECT_THAT(host_.log, Contains("spawn db"));
  EXPECT_EQ(view("db").restarts, 5);
}

TEST_F(Changes, knows_how_ended_what_ended_meanwhile) {
  auto& supervisor = make();
  auto crashed = host_.keep("db@1", {"db", 0, ""});
  crashed.ended = ports::WaitStatus{3 << 8};
  cluster_.services["app"].depends_on.clear();
  supervisor.adopt({crashed}, {});
  EXPECT_EQ(view("db").last_exit, "exit code 3");
  EXPECT_EQ(state("db"), "backoff");
  time_.advance(499ms);
  EXPECT_THAT(host_.log, IsEmpty());  // a `down` may be on its way
  time_.advance(1ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn db"));
}

TEST_F(Changes, what_lost_its_keeper_too_has_crashed_and_says_so) {
  cluster_.services["app"].depends_on.clear();
  cluster_.services["app"].restart.policy = spec::RestartPolicy::no;
  auto& supervisor = make();
  ports::Book book;
  book.instances["db"] = {ports::ProcessId{7, 1}, "ready", "answers", "", 2, "1"};
  book.instances["app"] = {ports::ProcessId{8, 1}, "ready", "answers", "", 0, "1"};
  book.instances["web"] = {ports::ProcessId{9, 1}, "stopping", "asked to stop", "", 0, "1"};
  supervisor.adopt({}, book, {{"db", "lost"}, {"app", "lost"}, {"web", "lost"}, {"unknown", "lost"}});
  EXPECT_EQ(view("db").reason, "lost; starts again in 500 ms");
  EXPECT_EQ(view("db").restarts, 2);
  EXPECT_EQ(state("app"), "failed");
  EXPECT_EQ(view("app").reason, "lost");
  EXPECT_EQ(state("web"), "stopped");
  EXPECT_THAT(told_of("db", 0), ElementsAre("backoff"));
  EXPECT_THAT(told_of("web", 0), ElementsAre("stopped"));
  EXPECT_TRUE(up());
  EXPECT_THAT(host_.log, Contains("spawn db"));
  EXPECT_EQ(view("db").last_exit, "lost");
}

TEST_F(Changes, remembers_how_jobs_ended_that_need_no_keeper_any_more) {
  cluster_.services["db"].version = "1";
  auto& supervisor = make();
  ports::Book book;
  book.instances["db"] = {std::nullopt, "completed", "exit code 0", "exit code 0", 2, "1"};
  book.replicas["web"] = 2;
  supervisor.adopt({}, book);
  EXPECT_EQ(state("db"), "completed");
  EXPECT_EQ(view("db").restarts, 2);
  EXPECT_EQ(view("web.2").state, "stopped");
  EXPECT_TRUE(up());
  EXPECT_EQ(state("db"), "completed");
}

TEST_F(Changes, of_two_keepers_of_one_instance_one_ends) {
  auto& supervisor = make();
  supervisor.adopt(
      {host_.keep("web@5", {"web", 0, ""}), host_.keep("web@3", {"web", 0, ""}), host_.keep("gone@4", {"gone", 0, ""})},
      {});
  EXPECT_THAT(host_.log, ElementsAre("terminate gone", "terminate web"));
  EXPECT_EQ(supervisor.book().generation, 5U);
  time_.advance(10s);
  EXPECT_THAT(host_.log, Contains("kill gone"));
}

TEST_F(Changes, of_two_keepers_the_one_that_was_told_to_end_is_not_told_again) {
  auto& supervisor = make();
  auto old = host_.keep("web@3", {"web", 0, ""});
  old.terminating = true;
  const auto fresh = host_.keep("web@5", {"web", 0, ""});
  supervisor.adopt({old, fresh}, {});
  EXPECT_EQ(view("web").pid, fresh.running->process.pid);
  EXPECT_THAT(host_.log, IsEmpty());
}

TEST_F(Changes, of_two_keepers_the_one_whose_process_has_ended_goes) {
  auto& supervisor = make();
  auto old = host_.keep("web@3", {"web", 0, ""});
  old.ended = ports::WaitStatus{0};
  const auto fresh = host_.keep("web@5", {"web", 0, ""});
  supervisor.adopt({old, fresh}, {});
  EXPECT_EQ(view("web").pid, fresh.running->process.pid);
  EXPECT_EQ(view("web").restarts, 0);
  EXPECT_THAT(host_.log, IsEmpty());
  EXPECT_THAT(host_.released, ElementsAre("web@3"));
}

TEST_F(Changes, a_keeper_that_was_told_to_end_is_not_taken_for_a_crash) {
  auto& supervisor = make();
  auto found = host_.keep("db@1", {"db", 0, ""});
  found.terminating = true;
  supervisor.adopt({found}, {});
  host_.end("db", killed);
  EXPECT_EQ(state("db"), "stopped");
}

TEST_F(Changes, a_paused_instance_is_neither_probed_nor_restarted) {
  all_up();
  EXPECT_TRUE(supervisor_->pause("app"));
  EXPECT_TRUE(view("app").paused);
  prober_.healthy = {1, 3};
  time_.advance(60s);
  EXPECT_EQ(state("app"), "ready");
  EXPECT_TRUE(supervisor_->resume("app"));
  time_.advance(10s);
  EXPECT_EQ(state("app"), "degraded");
  EXPECT_TRUE(supervisor_->pause("app"));
  host_.end("app", killed);
  EXPECT_EQ(state("app"), "failed");
}

TEST_F(Changes, the_process_says_itself_that_it_is_ready) {
  make();
  EXPECT_TRUE(up({"db"}));
  EXPECT_EQ(state("db"), "starting");
  host_.say("db", "READY=1\nSTATUS=warm");
  EXPECT_EQ(state("db"), "ready");
  EXPECT_EQ(view("db").status, "warm");
  EXPECT_TRUE(view("db").booted);
}

TEST_F(Changes, what_lives_elsewhere_is_only_watched) {
  auto& db = cluster_.services["db"];
  db.source = spec::Source::external;
  db.external = spec::External{"http://127.0.0.1:1", "/"};
  prober_.healthy = {1, 2, 3};
  make();
  EXPECT_TRUE(up());
  time_.advance(1s);
  EXPECT_EQ(state("db"), "ready");
  EXPECT_EQ(state("app"), "ready");
  EXPECT_THAT(host_.log, ElementsAre("spawn app", "spawn web"));
  EXPECT_TRUE(supervisor_->stop("db"));
  EXPECT_EQ(state("db"), "stopped");
}

TEST_F(Changes, a_released_keeper_is_not_used_again) {
  all_up();
  EXPECT_TRUE(supervisor_->stop("web"));
  host_.end("web", 0);
  ASSERT_EQ(host_.released.size(), 1U);
  EXPECT_TRUE(supervisor_->start("web"));
  EXPECT_FALSE(host_.specs.empty());
  EXPECT_FALSE(host_.specs.contains("web@3") && host_.released[0] == host_.specs.rbegin()->first);
}

}  // namespace
}  // namespace app
