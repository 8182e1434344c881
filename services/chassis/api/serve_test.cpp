#include "services/chassis/api/serve.hpp"

#include <gmock/gmock.h>

#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Config config() {
  Config config;
  config.name = config.instance = "thing";
  config.version = "1";
  config.ports["http"] = 8080;
  return config;
}

// A service that needs a database and can do without a broker.
class Serve : public ::testing::Test {
 protected:
  static base::Task<base::Result<void>> probe(bool up) {
    if (!up) co_return base::fail(base::ErrorCode::unavailable, "the disk is full");
    co_return base::success();
  }
  base::Task<base::Result<void>> run(Environment& env) {
    Health health(env.config, env.clock);
    health.add({"database", true, [this](base::Monotonic) { return probe(database_); }});
    health.add({"broker", false, [this](base::Monotonic) { return probe(broker_); }});
    HttpEntry::Inner inner = [](CallContext, base::http::Request) -> base::Task<Handled> { co_return Handled{}; };
    co_return co_await serve(env, health, std::move(inner));
  }
  void start() {
    world_.start([this](Environment& env) { return run(env); });
  }
  const std::vector<std::string>& said() const { return world_.lifecycle.states; }

  bool database_ = true;
  bool broker_ = true;
  testing::FakeEnvironment world_{config()};
};

TEST_F(Serve, SaysReadyOnceAllThatItNeedsIsThere) {
  broker_ = false;
  start();
  EXPECT_THAT(said(), ElementsAre("ready"));
  world_.advance(std::chrono::minutes(1));
  EXPECT_THAT(said(), ElementsAre("ready"));
  world_.stop();
  EXPECT_THAT(said(), ElementsAre("ready", "stopping"));
  EXPECT_TRUE(world_.outcome && *world_.outcome);
}

TEST_F(Serve, ServesButIsNotReadyWithoutWhatItNeeds) {
  database_ = false;
  start();
  EXPECT_TRUE(world_.http.serves(8080));
  EXPECT_THAT(said(), ElementsAre("not ready: database: the disk is full"));
  database_ = true;
  world_.advance(milliseconds(500));
  EXPECT_THAT(said(), ElementsAre("not ready: database: the disk is full", "ready"));
}

TEST_F(Serve, TellsWhenADependencyGoesAndComesBack) {
  start();
  database_ = false;
  world_.advance(std::chrono::seconds(4));
  EXPECT_THAT(said(), ElementsAre("ready", "not ready: database: the disk is full"));
  database_ = true;
  world_.advance(milliseconds(500));
  EXPECT_THAT(said(), ElementsAre("ready", "not ready: database: the disk is full", "ready"));
}

TEST_F(Serve, OneFailedCheckIsNoOutage) {
  start();
  database_ = false;
  world_.advance(milliseconds(2'200));  // one look at it
  database_ = true;
  world_.advance(std::chrono::seconds(10));
  EXPECT_THAT(said(), ElementsAre("ready"));
}

}  // namespace
}  // namespace chassis
