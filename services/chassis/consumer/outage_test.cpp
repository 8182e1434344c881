// The consumer on fakes while what its handlers need is away: no event is parked for that, and one that is itself at
// fault is parked all the same.
#include "services/chassis/consumer/outage.hpp"

#include <gmock/gmock.h>

#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;
using base::Result;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeEnvironment;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Config config() {
  Config config;
  config.name = config.instance = "mail-service";
  return config;
}

// What the handler works on. Its database may be away, and some events may be at fault.
struct App {
  FakeEnvironment* process = nullptr;
  bool is_away = false;
  ErrorCode away = ErrorCode::unavailable;
  std::map<std::string, ErrorCode> failures;  // by id
  std::set<std::string> deadly;               // ids of events with which the process dies, once its database answers
  std::chrono::milliseconds takes{0};
  bool hangs = false;  // each waits until its deadline, as for the lock of a database
  std::vector<std::string> handled;
  std::vector<std::string> tried;
  std::vector<int> attempts;
  int running = 0;
  int most_running = 0;
  int own_failures = 0;
  bool is_dead = false;
};

base::Task<Result<void>> handle(App& app, CallContext context, consumer::Event event, base::Json data) {
  app.tried.push_back(event.id);
  app.attempts.push_back(event.attempt);
  EXPECT_EQ(data.value("id", ""), event.id) << "the same each time";
  app.most_running = std::max(app.most_running, ++app.running);
  if (app.takes.count() > 0) co_await app.process->scheduler.sleep(app.takes);
  const auto left = std::chrono::floor<std::chrono::milliseconds>(context.deadline - app.process->clock.monotonic());
  if (app.hangs) co_await app.process->scheduler.sleep(left);
  --app.running;
  if (app.is_away) co_return base::fail(app.away, "the disk fails");
  if (app.deadly.contains(event.id)) {
    app.is_dead = true;
    co_await app.process->scheduler.sleep(10'000h);
  }
  const auto found = app.failures.find(event.id);
  if (found != app.failures.end()) {
    ++app.own_failures;
    co_return base::fail(found->second, "of its own");
  }
  app.handled.push_back(event.id);
  co_return base::success();
}

// One life of a process of the service; it ends when no time passes in it any more.
struct Life {
  Life(FakeEnvironment& world, broker::Broker& broker, consumer::Options options)
      : env{world.env.config, own.clock,     own.random, own.scheduler, own.http,     own.rpc,
            own.databases,    world.brokers, own.log,    own.metrics,   own.lifecycle},
        consumer(env, broker, options) {
    own.clock.since_start = world.clock.since_start;
    app.process = &own;
    consumer.on("order.placed", app, handle);
    EXPECT_TRUE(consumer.start());
    own.settle();
  }

  int lines(const std::string& message) const {
    return static_cast<int>(std::count_if(own.log.lines.begin(), own.log.lines.end(),
                                          [&](const auto& line) { return line["message"] == message; }));
  }
  std::string metrics() const { return own.metrics.serialize(); }

  FakeEnvironment own{config()};
  Environment env;
  App app;
  Consumer consumer;
};

class OutageTest : public ::testing::Test {
 protected:
  OutageTest() : broker(world.brokers.connect("").value()) {
    broker::Stream stream{"SHOP", {"shop.events.>"}};
    world.ask(broker->ensure_stream(world.clock.monotonic() + 1s, std::move(stream)));
  }
  ~OutageTest() override {
    for (auto& life : lives) life->own.stop();
    world.stop();
  }

  App& start(consumer::Options options = {}) {
    lives.push_back(std::make_unique<Life>(world, *broker, options));
    return now().app;
  }
  Life& now() { return *lives.back(); }
  void advance(std::chrono::milliseconds by, std::chrono::milliseconds step = 10ms) {
    for (auto left = by; left.count() > 0; left -= step) {
      world.clock.since_start += step;
      now().own.advance(step);
    }
  }
  void publish(const std::string& id, const std::string& of = "o1") {
    std::vector<broker::Message> messages{{"shop.events.order.placed",
                                           id,
                                           {},
                                           R"({"specversion":"1.0","id":")" + id +
                                               R"(","source":"/shop","type":"order.placed","subject":")" + of +
                                               R"(","data":{"id":")" + id + "\"}}"}};
    const auto answers = world.ask(broker->publish(world.clock.monotonic() + 1s, std::move(messages)));
    ASSERT_TRUE(answers && answers->front());
  }
  void publish_many(int count, const std::string& prefix = "e") {
    for (int i = 0; i < count; ++i) publish(prefix + std::to_string(i), "of-" + prefix + std::to_string(i));
  }
  std::vector<std::string> parked() {
    std::vector<std::string> reasons;
    for (const auto& copy : world.brokers.stored("MAIL-SERVICE-PARKED")) {
      reasons.push_back(copy.id + ": " + std::string(copy.headers.get("Parked-Reason")));
    }
    return reasons;
  }

  FakeEnvironment world{config()};  // the broker's clock
  std::unique_ptr<broker::Broker> broker;
  std::vector<std::unique_ptr<Life>> lives;
};

TEST_F(OutageTest, CostsNoAttemptHoweverLongItLasts) {
  auto& app = start();
  app.is_away = true;
  publish_many(20);
  advance(30min, 100ms);
  EXPECT_THAT(app.handled, IsEmpty());
  EXPECT_THAT(now().metrics(), HasSubstr(R"(consumer_waiting{event="order.placed"} 20)"));
  EXPECT_THAT(now().metrics(), HasSubstr(R"(consumer_in_flight{event="order.placed"} 0)"));
  app.is_away = false;
  advance(10s);
  EXPECT_THAT(app.handled, SizeIs(20)) << "soon after it has ended, each once";
  EXPECT_THAT(app.attempts, Each(1)) << "none was delivered again";
  EXPECT_THAT(parked(), IsEmpty());
  EXPECT_EQ(now().lines("events wait for what their handlers need"), 1);
  EXPECT_EQ(now().lines("no event waits any more for what its handler needs"), 1);
  EXPECT_EQ(now().lines("an event could not be handled"), 0);
  EXPECT_THAT(now().metrics(), HasSubstr(R"(consumer_waiting{event="order.placed"} 0)"));
  EXPECT_THAT(now().metrics(), HasSubstr(R"(consumer_events_total{event="order.placed",outcome="done"} 20)"));
}

class NotNow : public OutageTest, public ::testing::WithParamInterface<ErrorCode> {};

TEST_P(NotNow, CostsNoAttempt) {
  auto& app = start();
  app.away = GetParam();
  app.is_away = true;
  publish("e1");
  advance(5min, 100ms);
  EXPECT_THAT(parked(), IsEmpty());
  app.is_away = false;
  advance(10s);
  EXPECT_THAT(app.handled, ElementsAre("e1"));
}

INSTANTIATE_TEST_SUITE_P(Codes, NotNow,
                         ::testing::Values(ErrorCode::unavailable, ErrorCode::timeout, ErrorCode::bad_gateway,
                                           ErrorCode::cancelled));

TEST_F(OutageTest, OneEventAtATimeIsTriedWhileItLasts) {
  auto& app = start();
  app.takes = 20ms;
  app.is_away = true;
  publish_many(300);
  advance(1s);
  EXPECT_LE(app.most_running, 100) << "those that it had begun when it found out";
  app.most_running = 0;
  app.tried.clear();
  advance(60s);
  EXPECT_EQ(app.most_running, 1);
  EXPECT_LE(app.tried.size(), 60U);
  EXPECT_GE(app.tried.size(), 8U) << "at the latest after five seconds";
  EXPECT_EQ(now().lines("events wait for what their handlers need"), 1);
  app.is_away = false;
  advance(7s);
  EXPECT_THAT(app.handled, SizeIs(300));
  EXPECT_GT(app.most_running, 50) << "all at once again";
}

// Each waits for the lock until its deadline, in a queue behind the others of its aggregate.
TEST_F(OutageTest, ADatabaseThatKeepsHandlersWaitingCostsThoseBehindThemNothing) {
  auto& app = start();
  app.is_away = app.hangs = true;
  for (int i = 0; i < 10; ++i) publish("e" + std::to_string(i), "one");
  advance(10min, 100ms);
  app.is_away = app.hangs = false;
  advance(40s);
  EXPECT_THAT(app.handled, SizeIs(10));
  EXPECT_THAT(app.attempts, Each(1));
  EXPECT_THAT(parked(), IsEmpty());
}

TEST_F(OutageTest, AnEventThatIsToldSoAloneHoldsNobodyBackAndIsParkedInTheEnd) {
  auto& app = start({.max_alone = 20min});
  app.failures["bad"] = ErrorCode::unavailable;
  publish("bad", "o1");
  advance(100ms);
  int periods = 0;
  for (; periods < 300 && parked().empty(); ++periods) {
    publish(std::to_string(periods), "o1");
    advance(10s, 100ms);
    ASSERT_EQ(app.handled.size(), periods + 1U) << "the others do not wait for it";
  }
  EXPECT_THAT(parked(), ElementsAre("bad: others were handled, but this was put off for too long: of its own"));
  EXPECT_GE(periods * 10s, 20min);
  EXPECT_LE(periods * 10s, 30min);
  EXPECT_LT(app.own_failures, 100) << "its own pause grows";
  EXPECT_EQ(now().lines("events wait for what their handlers need"), 1);
  EXPECT_THAT(now().metrics(), HasSubstr(R"(consumer_waiting{event="order.placed"} 0)"));
}

TEST_F(OutageTest, MoreEventsThanMayBeInFlightThatAreToldSoHoldNobodyBack) {
  auto& app = start({.max_in_flight = 10});
  for (int i = 0; i < 30; ++i) app.failures["bad" + std::to_string(i)] = ErrorCode::unavailable;
  publish_many(30, "bad");
  publish_many(30, "good");
  advance(2min);
  EXPECT_THAT(app.handled, SizeIs(30));
  EXPECT_THAT(parked(), IsEmpty());
}

TEST_F(OutageTest, WhenNothingIsHandledNoneIsAloneHoweverLongThatLasts) {
  auto& app = start({.max_alone = 20min});
  app.is_away = true;
  publish_many(3);
  advance(1h, 100ms);
  EXPECT_THAT(parked(), IsEmpty());
  app.is_away = false;
  advance(10s);
  EXPECT_THAT(app.handled, SizeIs(3)) << "however long";
}

// Failures of its own count, those of the surroundings in between do not.
TEST_F(OutageTest, AnEventThatIsAtFaultIsParkedAfterFiveFailuresOfItsOwn) {
  auto& app = start();
  publish("e1");
  publish("e2", "o2");
  app.failures["e1"] = ErrorCode::internal;
  for (int i = 0; i < 20 && parked().empty(); ++i) {
    app.is_away = true;
    advance(90s);
    app.is_away = false;
    advance(6s);
  }
  EXPECT_THAT(parked(), ElementsAre("e1: of its own"));
  EXPECT_THAT(app.handled, ElementsAre("e2"));
  EXPECT_EQ(app.own_failures, 5);
}

TEST_F(OutageTest, AnEventThatKillsItsProcessIsParkedAfterFiveDeathsWhateverFailedInBetween) {
  int deaths = 0;
  for (int life = 0; life < 12 && parked().empty(); ++life) {
    auto& app = start();
    app.deadly.insert("killer");
    app.is_away = true;
    if (life == 0) publish("killer", "k");
    publish("good" + std::to_string(life), "g");
    advance(2min, 100ms);  // each life begins in an outage
    ASSERT_FALSE(app.is_dead);
    app.is_away = false;
    for (int i = 0; i < 300 && !app.is_dead && parked().empty(); ++i) advance(100ms);
    deaths += app.is_dead ? 1 : 0;
  }
  EXPECT_EQ(deaths, 5);
  EXPECT_THAT(parked(), ElementsAre("killer: it was begun more often than allowed and never finished"));
  advance(60s, 100ms);
  std::set<std::string> good;
  for (const auto& life : lives) good.insert(life->app.handled.begin(), life->app.handled.end());
  EXPECT_THAT(good, SizeIs(lives.size()));
}

TEST_F(OutageTest, AfterARestartAnEventThatWasPutOffAHundredTimesHasItsChance) {
  start().is_away = true;
  publish("e1");
  advance(10min, 100ms);
  EXPECT_GT(now().app.tried.size(), 100U);
  now().own.scheduler.request_shutdown();
  advance(1s);
  auto& app = start();
  advance(1s);
  EXPECT_THAT(app.handled, ElementsAre("e1")) << "given back at once, long before ack_wait is over";
  EXPECT_THAT(app.attempts, ElementsAre(2));
  EXPECT_THAT(parked(), IsEmpty());
}

// The broker then gives it to whoever asks, and it does not matter to whom.
TEST_F(OutageTest, WhatCannotBeKeptBecauseTheBrokerIsAwayComesAgain) {
  auto& app = start();
  app.is_away = true;
  publish("e1");
  advance(1s);
  world.brokers.set(broker::MemoryBrokers::Health::down);
  advance(2min, 100ms);
  world.brokers.set(broker::MemoryBrokers::Health::up);
  app.is_away = false;
  advance(40s, 100ms);
  EXPECT_THAT(app.handled, ElementsAre("e1"));
  EXPECT_EQ(app.attempts.back(), 2);
  EXPECT_THAT(now().metrics(), HasSubstr(R"(consumer_waiting{event="order.placed"} 0)"));
}

TEST(Jittered, IsAnyPartOfIt) {
  testing::SeededRandom random;
  std::set<std::int64_t> seen;
  for (int i = 0; i < 2'000; ++i) seen.insert(consumer::jittered(10ms, random).count());
  EXPECT_EQ(*seen.begin(), 0);
  EXPECT_EQ(*seen.rbegin(), 10);
}

}  // namespace
}  // namespace chassis
