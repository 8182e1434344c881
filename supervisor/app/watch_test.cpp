#include "supervisor/app/watch.hpp"

#include <gmock/gmock.h>

#include "supervisor/app/watch_fixture.hpp"

namespace app {
namespace {

using namespace std::chrono_literals;
using core::Event;
using spec::ProbeKind;
using testing::admin;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::http;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using WatchTest = testing::WatchFixture;

TEST_F(WatchTest, WithoutProbesRunningIsReady) {
  watch();
  EXPECT_THAT(events(), IsEmpty());
  time_.advance(0ms);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  EXPECT_EQ(reason_, "runs");
  EXPECT_TRUE(watch_->booted() && watch_->ready() && watch_->live());
  EXPECT_EQ(prober_.asked, 0);
}

// --- boot ---

TEST_F(WatchTest, UntilBootOnlyBootIsAsked) {
  service_.boot = probe(ProbeKind::tcp, "admin");
  service_.ready = probe();
  service_.live = probe();
  prober_.healthy = {http};
  watch();
  time_.advance(5s);
  EXPECT_THAT(events(), IsEmpty());
  for (const auto& question : prober_.questions) ASSERT_EQ(question.port, admin);
  EXPECT_FALSE(watch_->booted());

  prober_.healthy = {admin};
  time_.advance(100ms);
  EXPECT_THAT(events(), ElementsAre(Event::boot_ok));
  EXPECT_TRUE(watch_->booted());
  EXPECT_FALSE(watch_->ready());

  prober_.healthy = {admin, http};
  prober_.questions.clear();
  time_.advance(3s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  for (const auto& question : prober_.questions) ASSERT_EQ(question.port, http);
}

TEST_F(WatchTest, BootIsAskedOftenAtFirst) {
  service_.boot = probe();
  watch();
  time_.advance(24ms);  // at 0, 10 and 25 ms, then each time half as late again
  EXPECT_EQ(prober_.asked, 2);
  time_.advance(1ms);
  EXPECT_EQ(prober_.asked, 3);
  time_.advance(1s);
  prober_.asked = 0;
  time_.advance(1s);
  EXPECT_EQ(prober_.asked, 10);
}

TEST_F(WatchTest, WithoutAReadyProbeBootIsReady) {
  service_.boot = probe();
  prober_.healthy = {http};
  watch();
  time_.advance(0ms);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
}

TEST_F(WatchTest, WithoutABootProbeTheFirstReadinessIsBoth) {
  service_.ready = probe();
  watch();
  time_.advance(1s);
  EXPECT_THAT(events(), IsEmpty());
  prober_.healthy = {http};
  time_.advance(100ms);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  EXPECT_TRUE(watch_->booted() && watch_->ready());
}

TEST_F(WatchTest, BadAnswersDoNotEndAStartTheStartPeriodDoes) {
  service_.ready = probe();
  service_.ready->failures = 1;
  watch();
  time_.advance(9999ms);
  EXPECT_THAT(events(), IsEmpty());
  time_.advance(1ms);
  EXPECT_THAT(events(), ElementsAre(Event::start_timeout));
  EXPECT_EQ(reason_, "not ready within 10 s: http://127.0.0.1:80/up: connection refused");
  time_.advance(100s);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(WatchTest, ABootThatTakesTooLongSaysSo) {
  service_.boot = probe(ProbeKind::notify);
  service_.boot->start_period = 1500ms;
  watch();
  time_.advance(1500ms);
  EXPECT_THAT(events(), ElementsAre(Event::start_timeout));
  EXPECT_EQ(reason_, "not booted within 1500 ms: notify: it did not say READY=1");
}

TEST_F(WatchTest, ReadinessAfterBootHasNoDeadlineAndIsAskedEverLessOften) {
  service_.boot = probe(ProbeKind::tcp, "admin");
  service_.ready = probe();
  prober_.healthy = {admin};
  watch();
  time_.advance(1h);
  EXPECT_THAT(events(), ElementsAre(Event::boot_ok));
  prober_.asked = 0;
  time_.advance(10s);
  EXPECT_EQ(prober_.asked, 10);
}

TEST_F(WatchTest, AProbeOfAPortThatIsNotThereSaysSo) {
  service_.ready = probe(ProbeKind::http, "grpc");
  watch();
  time_.advance(10s);
  EXPECT_THAT(events(), ElementsAre(Event::start_timeout));
  EXPECT_THAT(reason_, HasSubstr("it has no port \"grpc\""));
  EXPECT_EQ(prober_.asked, 0);
}

// --- ready and live ---

TEST_F(WatchTest, OnlyFailuresInARowMakeItNotReady) {
  service_.ready = probe();
  ready_watch();
  for (int i = 0; i < 5; ++i) {
    prober_.healthy = {};
    time_.advance(2s);
    prober_.healthy = {http};
    time_.advance(1s);
  }
  EXPECT_THAT(events(), IsEmpty());
  prober_.healthy = {};
  time_.advance(3s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
  EXPECT_EQ(reason_, "http://127.0.0.1:80/up failed 3 times: connection refused");
  EXPECT_TRUE(watch_->booted());
  time_.advance(10s);
  EXPECT_THAT(events(), IsEmpty());  // told once
}

TEST_F(WatchTest, OnlySuccessesInARowMakeItReadyAgain) {
  service_.ready = probe();
  service_.ready->successes = 2;
  prober_.healthy = {http};
  watch();
  time_.advance(0ms);
  EXPECT_THAT(events(), IsEmpty());
  time_.advance(10ms);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  prober_.healthy = {};
  time_.advance(3s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
  for (int i = 0; i < 5; ++i) {
    prober_.healthy = {http};
    time_.advance(1s);
    prober_.healthy = {};
    time_.advance(1s);
  }
  EXPECT_THAT(events(), IsEmpty());
  prober_.healthy = {http};
  time_.advance(2s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
}

TEST_F(WatchTest, LivenessHasItsOwnThresholds) {
  service_.ready = probe();
  service_.live = probe(ProbeKind::tcp, "admin");
  service_.live->failures = 2;
  ready_watch();
  prober_.healthy = {http};
  time_.advance(1s);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_TRUE(watch_->live());
  time_.advance(1s);
  EXPECT_THAT(events(), ElementsAre(Event::live_failed));
  EXPECT_EQ(reason_, "tcp://127.0.0.1:81 failed 2 times: connection refused");
  EXPECT_FALSE(watch_->live());
  EXPECT_TRUE(watch_->ready());
  EXPECT_EQ(watch_->live_truth().text, "connection refused");
}

TEST_F(WatchTest, LivenessIsNotAskedBeforeBoot) {
  service_.ready = probe();
  service_.live = probe(ProbeKind::tcp, "admin");
  watch();
  time_.advance(5s);
  for (const auto& question : prober_.questions) ASSERT_EQ(question.port, http);
}

// --- answers that come late or never ---

TEST_F(WatchTest, NoAnswerIsABadAnswer) {
  service_.ready = probe();
  ready_watch();
  prober_.silent = true;
  time_.advance(10s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
  EXPECT_THAT(reason_, HasSubstr("no answer within 500 ms"));
}

TEST_F(WatchTest, AGoodAnswerAfterTheTimeoutIsABadOne) {
  service_.ready = probe();
  ready_watch();
  prober_.delay = 501ms;
  time_.advance(10s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
  EXPECT_THAT(reason_, HasSubstr("answered only after 501 ms, its limit is 500 ms"));
  prober_.delay = 500ms;
  time_.advance(2s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
}

TEST_F(WatchTest, AnAnswerToAQuestionThatWasGivenUpCountsForNothing) {
  service_.ready = probe();
  ready_watch();
  prober_.delay = 2500ms;  // two questions later
  time_.advance(10s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
  EXPECT_THAT(reason_, HasSubstr("no answer"));
}

TEST_F(WatchTest, AfterStopNothingIsAskedOrReported) {
  service_.ready = probe();
  service_.live = probe();
  prober_.healthy = {http};
  prober_.delay = 100ms;
  watch();
  time_.advance(50ms);
  watch_->stop();
  const int asked = prober_.asked;
  time_.advance(1h);
  say("READY=1\nWATCHDOG=trigger");
  watch_->resume();
  time_.advance(1h);
  EXPECT_EQ(prober_.asked, asked);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(WatchTest, AReportMayStopIt) {
  service_.ready = probe();
  prober_.healthy = {http};
  stop_on_report_ = true;
  watch();
  time_.advance(1h);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  EXPECT_EQ(prober_.asked, 1);
}

TEST_F(WatchTest, AnAnswerMayComeAfterTheWatchIsGone) {
  service_.ready = probe();
  prober_.delay = 100ms;
  watch();
  time_.advance(50ms);
  watch_.reset();
  time_.advance(1s);
  EXPECT_THAT(events(), IsEmpty());
}

// --- kinds ---

TEST_F(WatchTest, ACommandIsAskedAsTheContextSays) {
  service_.ready = probe(ProbeKind::exec);
  service_.ready->command = {"check", "${port:http}"};
  prober_.good = {"check"};
  ProbeContext context;
  context.env = {"A=1"};
  context.folder = "/srv";
  context.resolve = [](const std::string& text) {
    return base::Result<std::string>(text == "${port:http}" ? "80" : text);
  };
  watch(context);
  time_.advance(0ms);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  ASSERT_THAT(prober_.questions, SizeIs(1));
  EXPECT_THAT(prober_.questions[0].argv, ElementsAre("check", "80"));
  EXPECT_THAT(prober_.questions[0].env, ElementsAre("A=1"));
  EXPECT_EQ(prober_.questions[0].folder, "/srv");
}

TEST_F(WatchTest, ACommandThatCannotBeResolvedSaysSo) {
  service_.ready = probe(ProbeKind::exec);
  service_.ready->command = {"check"};
  ProbeContext context;
  context.resolve = [](const std::string&) {
    return base::Result<std::string>(base::fail(base::ErrorCode::malformed, "no such port"));
  };
  watch(context);
  time_.advance(10s);
  EXPECT_THAT(events(), ElementsAre(Event::start_timeout));
  EXPECT_EQ(reason_, "not ready within 10 s: ready: no such port");
}

TEST_F(WatchTest, ALineOfTheLogIsWaitedForOnce) {
  service_.ready = probe(ProbeKind::log);
  service_.ready->path = "listening";
  ProbeContext context;
  context.log = "/logs/web.log";
  context.log_from = 40;
  watch(context);
  time_.advance(1s);
  prober_.good = {"listening"};
  time_.advance(100ms);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  EXPECT_EQ(prober_.questions[0].log, "/logs/web.log");
  EXPECT_EQ(prober_.questions[0].log_from, 40);
  EXPECT_TRUE(prober_.questions[0].memory);
  EXPECT_EQ(prober_.questions[0].memory, prober_.questions[1].memory);
  prober_.asked = 0;
  time_.advance(1h);
  EXPECT_EQ(prober_.asked, 0);
}

TEST_F(WatchTest, AnExternalServiceIsAskedForReadinessOnly) {
  service_.source = spec::Source::external;
  service_.external = spec::External{"http://db.example:8080/base/", "/health"};
  service_.live = probe();
  watch();
  time_.advance(1h);
  EXPECT_THAT(events(), IsEmpty());  // it has no start that could take too long
  EXPECT_EQ(address_of(prober_.questions[0]), "http://db.example:8080/base/health");
  prober_.healthy = {8080};
  time_.advance(2s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  prober_.healthy = {};
  time_.advance(1min);
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
}

// --- what people read ---

TEST_F(WatchTest, HistoryHoldsFailuresAndChanges) {
  service_.ready = probe();
  prober_.problem = "HTTP status 503";
  watch();
  time_.advance(32ms);
  prober_.healthy = {http};
  time_.advance(1h);
  EXPECT_THAT(watch_->history(),
              ElementsAre("00:00:00.000 ready http://127.0.0.1:80/up HTTP status 503 (3 times until 00:00:00.025)",
                          "00:00:00.047 ready http://127.0.0.1:80/up HTTP status 200"));
  say("X_MSCTL_READY=0");
  EXPECT_EQ(watch_->history().back(), "01:00:00.032 ready notify X_MSCTL_READY=0");
}

TEST_F(WatchTest, HistoryKeepsTheLastTwenty) {
  service_.ready = probe();
  watch();
  for (int i = 0; i < 50; ++i) {
    prober_.problem = "problem " + std::to_string(i);
    time_.advance(100ms);
  }
  EXPECT_THAT(watch_->history(), SizeIs(20));
  EXPECT_THAT(watch_->history().back(), HasSubstr("problem 49"));
}

}  // namespace
}  // namespace app
