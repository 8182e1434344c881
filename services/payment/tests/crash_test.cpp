// A process of payment-service that dies at each of the moments there are, before or after what it was about to do has
// had its effect, and another one that goes on: at most one charge, one refund, and one event of each.
#include <memory>

#include "base/ids.hpp"
#include "services/payment/adapters/out/legacy/provider.hpp"
#include "services/payment/adapters/out/sql_job_store.hpp"
#include "services/payment/adapters/out/sql_payment_store.hpp"
#include "services/payment/app/collector.hpp"
#include "services/payment/app/payments.hpp"
#include "services/payment/tests/payment_fixture.hpp"

namespace payment_service {

std::vector<chassis::db::Migration> migrations();  // generated
const chassis::EventSchemas& event_schemas();      // generated
namespace {

using namespace std::chrono_literals;
using base::Result;
using chassis::db::Work;
using legacy::Act;

// Counts what a process does to the outside, and is dead from one of these moments on.
struct Life {
  int dies_at = 1'000'000;
  bool after_effect = false;  // that moment's own effect is there; nobody in the process knows
  int moments = 0;
  bool is_dead = false;

  enum class Fate : std::uint8_t { lives, without_effect, with_effect };
  Fate next() {
    if (is_dead) return Fate::without_effect;
    if (moments++ < dies_at) return Fate::lives;
    is_dead = true;
    return after_effect ? Fate::with_effect : Fate::without_effect;
  }
};

base::Error death() { return base::fail(base::ErrorCode::unavailable, "the process is dead"); }

class MortalDatabase final : public chassis::db::Database {
 public:
  MortalDatabase(chassis::db::Database& inner, Life& life) : inner_(inner), life_(life) {}

  base::Task<Result<void>> write(base::Monotonic deadline, Work work) override {
    const auto fate = life_.next();
    if (fate == Life::Fate::without_effect) co_return death();
    auto done = co_await inner_.write(deadline, std::move(work));
    if (fate == Life::Fate::with_effect) co_return death();
    co_return done;
  }
  base::Task<Result<void>> read(base::Monotonic deadline, Work work) override {
    return inner_.read(deadline, std::move(work));
  }
  base::Task<Result<void>> ping(base::Monotonic deadline) override { return inner_.ping(deadline); }

 private:
  chassis::db::Database& inner_;
  Life& life_;
};

class MortalHttp final : public chassis::Http {
 public:
  MortalHttp(chassis::Http& inner, Life& life) : inner_(inner), life_(life) {}

  Result<std::unique_ptr<chassis::HttpServer>> serve(const std::string&, std::uint16_t, base::http::ServerLimits,
                                                     base::http::Handler, base::http::ErrorBody) override {
    return death();
  }
  base::Task<Result<base::http::Response>> send(base::http::Target target, base::http::Request request,
                                                std::chrono::milliseconds timeout) override {
    const auto fate = life_.next();
    if (fate == Life::Fate::without_effect) co_return death();
    auto answer = co_await inner_.send(std::move(target), std::move(request), timeout);
    if (fate == Life::Fate::with_effect) co_return death();
    co_return answer;
  }

 private:
  chassis::Http& inner_;
  Life& life_;
};

// What works on payments in one process, without its loop.
class Process {
 public:
  Process(chassis::testing::FakeEnvironment& world, TimedHttp& http, chassis::db::Database& database, Life life)
      : life_(life), http_(http, life_), database_(database, life_), world_(world) {}

  // Advances what is due, one after the other, until nothing waits or the process is dead.
  base::Task<> run() {
    while (!life_.is_dead) {
      ports::Take take{base::uuid_v7(world_.clock, world_.random), world_.clock.wall() + 7s, 10};
      auto taken = co_await jobs_.take(soon(), std::move(take));
      if (!taken) co_return;
      for (auto& job : taken.value().jobs) static_cast<void>(co_await collector_.advance(std::move(job)));
      if (!taken.value().jobs.empty()) continue;
      if (!taken.value().next_due) co_return;
      co_await world_.scheduler.sleep(
          std::max<std::chrono::milliseconds>(1ms, *taken.value().next_due - world_.clock.wall()));
    }
  }
  base::Task<> refund(std::string order) { co_await ended(payments_.refund_requested(context(), std::move(order))); }
  base::Task<> place(std::string order) {
    domain::NewPayment wanted{std::move(order), 1250, "EUR"};
    co_await ended(payments_.order_placed(context(), std::move(wanted)));
  }
  const Life& life() const { return life_; }

 private:
  static base::Task<> ended(base::Task<Result<void>> task) { static_cast<void>(co_await std::move(task)); }
  base::Monotonic soon() const { return world_.clock.monotonic() + 5s; }
  chassis::CallContext context() {
    chassis::CallContext context;
    context.trace = chassis::continue_trace("", "", world_.random);
    context.request_id = "r";
    context.deadline = soon();
    return context;
  }

  Life life_;
  MortalHttp http_;
  MortalDatabase database_;
  chassis::testing::FakeEnvironment& world_;
  chassis::Environment env_{world_.config, world_.clock,   world_.random,    world_.scheduler,
                            http_,         world_.rpc,     world_.databases, world_.brokers,
                            world_.log,    world_.metrics, world_.lifecycle};
  std::unique_ptr<legacy::LegacyProvider> provider_ = legacy::LegacyProvider::connect(env_).value();
  adapters::PaymentTable table_{world_.clock, world_.random, "payment-service", event_schemas()};
  adapters::SqlPaymentStore store_{database_, table_, [] {}};
  adapters::SqlJobStore jobs_{database_, table_, world_.random, [] {}};
  app::Payments payments_{world_.clock, world_.random, store_};
  app::Collector collector_{world_.clock, world_.random, jobs_, *provider_, {}};
};

class Crash : public testing::TestWithParam<Act> {
 protected:
  struct World {
    chassis::testing::FakeEnvironment fakes{config()};
    TimedHttp http{fakes.http, fakes.scheduler};
    legacy::ScriptedProvider provider{fakes.scheduler, fakes.clock};
    std::unique_ptr<chassis::db::Database> database = fakes.databases.open("sqlite::memory:", migrations()).value();
    std::vector<std::unique_ptr<Process>> processes;

    World() { fakes.http.answer_at(8093, provider.handler()); }
    ~World() { fakes.stop(); }
    Process& start(Life life = {}) {
      processes.push_back(std::make_unique<Process>(fakes, http, *database, life));
      return *processes.back();
    }
    void run(base::Task<> task) {
      fakes.scheduler.spawn(std::move(task));
      fakes.settle();
    }
    // One process after the other works on what is there.
    void work(Process& process, std::chrono::milliseconds time = 60s) {
      fakes.scheduler.spawn(process.run());
      fakes.advance(time);
    }
    std::string text(const std::string& sql) {
      std::string all;
      Work look = [&](chassis::db::Transaction& tx) -> Result<void> {
        TRY(const auto found, tx.exec(sql));
        for (const auto& row : found.rows) all += (all.empty() ? "" : " ") + row.text(0);
        return base::success();
      };
      auto reading = database->read(fakes.clock.monotonic() + 1s, std::move(look));
      EXPECT_TRUE(*fakes.ask(std::move(reading)));
      return all;
    }
    std::string status() { return text("SELECT status FROM payments"); }
    std::string told() { return text("SELECT subject FROM outbox_event ORDER BY id"); }
    std::string id() { return text("SELECT id FROM payments"); }
  };
};

constexpr const char* authorized = "payment-service.events.payment.authorized";
constexpr const char* refunded = "payment-service.events.payment.refunded";
constexpr const char* declined = "payment-service.events.payment.declined";

TEST_P(Crash, WhileCharging) {
  int moments = 1;
  for (int at = 0; at < moments; ++at) {
    for (const bool after : {false, true}) {
      World world;
      world.provider.script = {GetParam()};
      world.run(world.start().place("o-1"));
      auto& mortal = world.start({at, after});
      world.work(mortal);
      moments = std::max(moments, mortal.life().moments + 1);
      world.work(world.start());
      const bool is_refused = GetParam() == Act::refuse && world.status() == "declined";
      EXPECT_EQ(world.told(), is_refused ? declined : authorized) << at << after;
      EXPECT_EQ(world.provider.charges(world.id()), is_refused ? 0 : 1) << at << after;
    }
  }
  EXPECT_GE(moments, 4) << "takes, begins, asks, settles";
}

TEST_P(Crash, WhileRefunding) {
  int moments = 1;
  for (int at = 0; at < moments; ++at) {
    for (const bool after : {false, true}) {
      World world;
      auto& first = world.start();
      world.run(first.place("o-1"));
      world.work(first);
      world.run(first.refund("o-1"));
      world.provider.script = {GetParam()};
      auto& mortal = world.start({at, after});
      world.work(mortal);
      moments = std::max(moments, mortal.life().moments + 1);
      world.work(world.start());
      EXPECT_EQ(world.status(), "refunded") << at << after;
      EXPECT_EQ(world.told(), std::string(authorized) + " " + refunded) << at << after;
      EXPECT_EQ(world.provider.charges(world.id()), 1);
      EXPECT_EQ(world.provider.refunds(world.id()), 1) << at << after;
    }
  }
  EXPECT_GE(moments, 4);
}

// The request to refund comes at the moment of the crash.
TEST_P(Crash, WhileChargingWhatIsToBeRefunded) {
  int moments = 1;
  for (int at = 0; at < moments; ++at) {
    for (const bool after : {false, true}) {
      World world;
      world.provider.script = {GetParam()};
      world.run(world.start().place("o-1"));
      auto& mortal = world.start({at, after});
      world.work(mortal, 100ms);
      world.run(world.start().refund("o-1"));
      world.fakes.advance(60s);
      moments = std::max(moments, mortal.life().moments + 1);
      world.work(world.start());
      const auto id = world.id();
      EXPECT_EQ(world.provider.charges(id), world.provider.refunds(id)) << at << after << " " << world.status();
      EXPECT_LE(world.provider.charges(id), 1) << at << after;
      EXPECT_TRUE(world.told().ends_with(refunded)) << world.told();
      EXPECT_EQ(world.told().find(refunded), world.told().rfind(refunded)) << "one answer to one request";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(WhateverTheProviderDoes, Crash,
                         testing::Values(Act::book, Act::refuse, Act::fault, Act::booked_fault, Act::booked_broken,
                                         Act::booked_silent, Act::slow));

}  // namespace
}  // namespace payment_service
