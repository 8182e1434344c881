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
using WatchWords = testing::WatchFixture;
using WatchPause = testing::WatchFixture;

// --- the process's own words ---

TEST_F(WatchWords, ReadyAsksForNothingMore) {
  service_.boot = probe(ProbeKind::tcp, "admin");
  service_.ready = probe();
  watch();
  time_.advance(50ms);
  say("READY=1\nSTATUS=serving");
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  EXPECT_EQ(reason_, "says it is ready");
  EXPECT_TRUE(watch_->booted() && watch_->ready());
  EXPECT_EQ(watch_->status(), "serving");
  EXPECT_EQ(watch_->ready_truth().text, "serving");
  say("READY=1");
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(WatchWords, WhereAnotherWouldAnswerOnlyItsWordCounts) {
  service_.ready = probe();
  prober_.healthy = {http};
  ProbeContext context;
  context.only_its_word = true;
  watch(context);
  time_.advance(9s);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(prober_.asked, 0);
  EXPECT_FALSE(watch_->speaks());
  say("READY=1");
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  EXPECT_TRUE(watch_->speaks());
  time_.advance(1s);
  EXPECT_EQ(prober_.asked, 1);
}

TEST_F(WatchWords, WithoutTheWordThatCountsTheStartFails) {
  service_.ready = probe();
  prober_.healthy = {http};
  ProbeContext context;
  context.only_its_word = true;
  watch(context);
  time_.advance(10s);
  EXPECT_THAT(events(), ElementsAre(Event::start_timeout));
  EXPECT_THAT(reason_, HasSubstr("it did not say READY=1"));
}

TEST_F(WatchWords, AfterItsWordTheProbeGoesOnAtItsInterval) {
  service_.ready = probe();
  watch();
  time_.advance(50ms);
  say("READY=1");
  prober_.asked = 0;
  time_.advance(999ms);
  EXPECT_EQ(prober_.asked, 0);
  time_.advance(1ms);
  EXPECT_EQ(prober_.asked, 1);
  events();
  time_.advance(2s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
  prober_.healthy = {http};
  time_.advance(1s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
}

TEST_F(WatchWords, ForANotifyProbeItsWordIsTheOnlyWay) {
  service_.ready = probe(ProbeKind::notify);
  prober_.healthy = {http};
  watch();
  time_.advance(9s);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(prober_.asked, 0);
  say("READY=1");
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  time_.advance(1h);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(WatchWords, NotReadyHoldsWhateverTheProbeAnswers) {
  service_.ready = probe();
  for (const char* word : {"X_MSCTL_READY=0", "STOPPING=1"}) {
    ready_watch();
    say(word);
    EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
    EXPECT_EQ(reason_, std::string("says it is not ready (") + word + ")");
    time_.advance(1h);
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_FALSE(watch_->ready());
    say("READY=1");
    EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  }
}

TEST_F(WatchWords, NotReadyBeforeBootLeavesItBootedOnly) {
  service_.ready = probe();
  watch();
  say("X_MSCTL_READY=0");
  prober_.healthy = {http};
  time_.advance(100ms);
  EXPECT_THAT(events(), ElementsAre(Event::boot_ok));
  say("X_MSCTL_READY=1");
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
}

TEST_F(WatchWords, ReadinessWithoutAProbeCanBeTakenBack) {
  ready_watch();
  say("X_MSCTL_READY=0");
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
  say("READY=1");
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
}

TEST_F(WatchWords, StoppingWinsOverReadyInOneMessage) {
  ready_watch();
  say("READY=1\nSTOPPING=1");
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
}

TEST_F(WatchWords, SignsOfLifeFeedANotifyProbe) {
  service_.live = probe(ProbeKind::notify);
  ready_watch();
  for (int i = 0; i < 20; ++i) {
    time_.advance(499ms);
    say("WATCHDOG=1");
  }
  EXPECT_THAT(events(), IsEmpty());
  time_.advance(500ms);
  EXPECT_THAT(events(), ElementsAre(Event::live_failed));
  EXPECT_EQ(reason_, "no sign of life (WATCHDOG=1) for 500 ms");
  say("WATCHDOG=1");
  time_.advance(1h);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(WatchWords, SignsOfLifeAreNotAwaitedBeforeBoot) {
  service_.ready = probe(ProbeKind::notify);
  service_.live = probe(ProbeKind::notify);
  watch();
  time_.advance(5s);
  say("WATCHDOG=1");
  time_.advance(4s);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(WatchWords, AProcessMayGiveItselfUp) {
  service_.live = probe(ProbeKind::notify);
  ready_watch();
  say("WATCHDOG=trigger");
  EXPECT_THAT(events(), ElementsAre(Event::live_failed));
}

TEST_F(WatchWords, WatchdogMeansNothingToOtherProbes) {
  service_.live = probe();
  ready_watch();
  say("WATCHDOG=trigger");
  say("WATCHDOG=1");
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(WatchWords, AStartMayAskForMoreTime) {
  service_.ready = probe();
  watch();
  time_.advance(9s);
  say("EXTEND_TIMEOUT_USEC=5000000");
  time_.advance(4999ms);
  EXPECT_THAT(events(), IsEmpty());
  time_.advance(1ms);
  EXPECT_THAT(events(), ElementsAre(Event::start_timeout));
  EXPECT_THAT(reason_, HasSubstr("not ready within 14 s"));
}

TEST_F(WatchWords, MoreTimeIsNeverLess) {
  service_.ready = probe();
  for (const char* junk : {"1", "0", "-1", "", "1e9", "99999999999999999999999", "5000000x"}) {
    watch();
    say(std::string("EXTEND_TIMEOUT_USEC=") + junk);
    time_.advance(9999ms);
    EXPECT_THAT(events(), IsEmpty()) << junk;
    time_.advance(1ms);
    EXPECT_THAT(events(), ElementsAre(Event::start_timeout)) << junk;
  }
}

TEST_F(WatchWords, MoreTimeIsADayAtMost) {
  service_.ready = probe(ProbeKind::notify);
  watch();
  say("EXTEND_TIMEOUT_USEC=18446744073709551615");
  time_.advance(24h);
  EXPECT_THAT(events(), ElementsAre(Event::start_timeout));
}

// --- a debugger ---

TEST_F(WatchPause, PausedNothingIsAskedAndNoTimeRuns) {
  service_.ready = probe();
  service_.live = probe(ProbeKind::notify);
  ready_watch();
  prober_.healthy = {};
  time_.advance(499ms);
  watch_->pause();
  prober_.asked = 0;
  time_.advance(1h);
  EXPECT_EQ(prober_.asked, 0);
  EXPECT_THAT(events(), IsEmpty());
  watch_->resume();
  time_.advance(499ms);
  EXPECT_THAT(events(), IsEmpty());
  time_.advance(1ms);
  EXPECT_THAT(events(), ElementsAre(Event::live_failed));
}

TEST_F(WatchPause, APauseForgetsFailuresAndOpenQuestions) {
  service_.ready = probe();
  ready_watch();
  prober_.healthy = {};
  time_.advance(2s);
  prober_.delay = 100ms;
  time_.advance(1s);  // the third bad answer is on its way
  watch_->pause();
  time_.advance(1h);
  prober_.delay = 0ms;
  watch_->resume();
  time_.advance(1s);  // two more
  EXPECT_THAT(events(), IsEmpty());
  time_.advance(1s);
  EXPECT_THAT(events(), ElementsAre(Event::probe_failed));
}

TEST_F(WatchPause, AStartPeriodBeginsAnewAfterAPause) {
  service_.ready = probe();
  watch();
  time_.advance(9s);
  watch_->pause();
  watch_->resume();
  time_.advance(9999ms);
  EXPECT_THAT(events(), IsEmpty());
  time_.advance(1ms);
  EXPECT_THAT(events(), ElementsAre(Event::start_timeout));
}

TEST_F(WatchPause, PausedAtOnceItIsReadyAfterwards) {
  watch();
  watch_->pause();
  time_.advance(1h);
  EXPECT_THAT(events(), IsEmpty());
  watch_->resume();
  time_.advance(0ms);
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
}

TEST_F(WatchPause, PausedItStillListens) {
  service_.ready = probe();
  watch();
  watch_->pause();
  say("READY=1");
  EXPECT_THAT(events(), ElementsAre(Event::probe_ok));
  time_.advance(1h);
  EXPECT_EQ(prober_.asked, 0);
  watch_->resume();
  time_.advance(0ms);
  EXPECT_EQ(prober_.asked, 1);
}

}  // namespace
}  // namespace app
