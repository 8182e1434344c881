// Where two things happen to one instance at once: successors, predecessors, pauses, keepers that nobody wants.

#include "supervisor/app/supervisor_fixture.hpp"

namespace app {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::killed;
using testing::SupervisorTest;

class Edges : public SupervisorTest {
 protected:
  void let_web_surge() { cluster_.services["web"].sockets = {"http"}; }
};

TEST_F(Edges, a_successor_ends_with_its_service_when_that_is_removed) {
  let_web_surge();
  all_up();
  EXPECT_TRUE(supervisor_->roll("web"));
  time_.advance(0ms);
  ASSERT_EQ(host_.count("web"), 2);
  spec::Cluster fresh = cluster_;
  fresh.services.erase("web");
  supervisor_->reload(fresh);
  EXPECT_THAT(host_.log, ElementsAre("spawn web", "terminate web", "terminate web"));
  host_.end("web", 0);
  EXPECT_FALSE(view("web").name.empty() && host_.count("web") == 0);
  host_.end("web", 0);
  time_.advance(0ms);
  EXPECT_EQ(host_.count("web"), 0);
  EXPECT_EQ(view("web").name, "");
}

TEST_F(Edges, who_only_comes_after_another_does_not_wait_for_one_that_cannot_come) {
  host_.missing = {"db"};
  prober_.healthy = {3};
  make();
  EXPECT_TRUE(up());
  EXPECT_EQ(state("db"), "failed");
  EXPECT_EQ(state("app"), "pending");
  time_.advance(100ms);
  EXPECT_EQ(state("web"), "ready");
}

TEST_F(Edges, a_start_waits_until_the_process_before_it_has_ended) {
  cluster_.services["web"].replicas = 2;
  prober_.healthy = {1, 2, 3, 1000};
  all_up();
  EXPECT_TRUE(supervisor_->scale("web", 1));
  EXPECT_TRUE(supervisor_->scale("web", 2));
  time_.advance(1s);
  EXPECT_THAT(host_.log, ElementsAre("terminate web.2"));
  const auto views = supervisor_->services();
  EXPECT_THAT(views, Contains(::testing::Field(&control::ServiceView::reason,
                                               HasSubstr("waits for the process before it to end"))));
  host_.end("web.2", 0);
  EXPECT_THAT(host_.log, ElementsAre("terminate web.2", "spawn web.2"));
}

TEST_F(Edges, instances_are_no_services_to_up_and_scale) {
  cluster_.services["web"].replicas = 2;
  auto& supervisor = make();
  EXPECT_EQ(supervisor.up(request({"web.2"})).error().code, base::ErrorCode::invalid);
  EXPECT_EQ(supervisor.scale("web.2", 3).error().code, base::ErrorCode::invalid);
  auto scaled = request({});
  scaled.scale["web.2"] = 1;
  EXPECT_THAT(supervisor.up(scaled).error().message, HasSubstr("`web.2` is an instance: name its service"));
  scaled.scale = {{"web", -1}};
  EXPECT_EQ(supervisor.up(scaled).error().code, base::ErrorCode::invalid);
  EXPECT_THAT(host_.log, IsEmpty());
}

TEST_F(Edges, a_pause_holds_the_grace_of_a_stop_and_a_resume_begins_it_anew) {
  cluster_.services["web"].stop_grace = 300ms;
  EXPECT_TRUE(all_up().stop("web"));
  time_.advance(200ms);
  EXPECT_TRUE(supervisor_->pause("web"));
  time_.advance(60s);
  EXPECT_THAT(host_.log, ElementsAre("terminate web"));
  EXPECT_TRUE(supervisor_->resume("web"));
  EXPECT_THAT(host_.log, ElementsAre("terminate web", "terminate web"));
  time_.advance(299ms);
  EXPECT_THAT(host_.log, ::testing::Not(Contains("kill web")));
  time_.advance(1ms);
  EXPECT_THAT(host_.log, Contains("kill web"));
  host_.end("web", killed);
  EXPECT_EQ(state("web"), "stopped");
}

TEST_F(Edges, what_a_process_said_is_known_after_its_files_were_read_again) {
  let_web_surge();
  cluster_.services["web"].ready->kind = spec::ProbeKind::notify;
  prober_.healthy = {1, 2};
  make();
  EXPECT_TRUE(up());
  time_.advance(100ms);
  EXPECT_EQ(state("web"), "starting");
  host_.say("web", "READY=1");
  spec::Cluster fresh = cluster_;
  fresh.services["web"].stop_grace = 1s;  // nothing that the running process would have to be replaced for
  for (int i = 0; i < 2; ++i) supervisor_->reload(fresh);
  time_.advance(120s);
  EXPECT_EQ(state("web"), "ready");
  // Nor is it forgotten that it speaks, so its successor has to do so as well.
  fresh.services["web"].ready->kind = spec::ProbeKind::http;
  supervisor_->reload(fresh);
  prober_.healthy.insert(3);
  host_.log.clear();
  EXPECT_TRUE(supervisor_->roll("web"));
  time_.advance(1s);
  EXPECT_THAT(host_.log, ElementsAre("spawn web"));
  host_.say_newest("web", "READY=1");
  EXPECT_THAT(host_.log, ElementsAre("spawn web", "terminate web"));
}

TEST_F(Edges, sockets_of_keepers_that_nobody_wants_are_closed) {
  auto& supervisor = make();
  auto gone = host_.keep("gone@4", {"gone", 0, ""});
  gone.sockets = {{"http", -1}};
  auto unborn = host_.keep("web@5", {"web", 0, ""});
  unborn.running.reset();
  unborn.sockets = {{"http", -1}};
  supervisor.adopt({gone, unborn}, {});
  EXPECT_THAT(host_.log, ElementsAre("terminate gone"));
  EXPECT_THAT(host_.released, ElementsAre("web@5"));
  EXPECT_EQ(plans_.adopted["gone"], 1U);
  EXPECT_EQ(plans_.adopted["web"], 1U);
  // Nothing of either runs here.
  EXPECT_TRUE(plans_.closed.contains("gone"));
  EXPECT_TRUE(plans_.closed.contains("web"));
}

}  // namespace
}  // namespace app
