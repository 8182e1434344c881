// The Consul driver against the registry that the supervisor answers, and against a Consul that misbehaves.
#include "services/chassis/discovery/consul.hpp"

#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "services/chassis/discovery/discovery_contract.hpp"
#include "services/chassis/testing/fake_environment.hpp"
#include "supervisor/registry/api.hpp"

namespace chassis::discovery {
namespace {

using namespace std::chrono_literals;
using base::http::Request;
using base::http::Response;
using testing::FakeEnvironment;
using ::testing::HasSubstr;

// The real handler in the place where Consul would listen.
class RegistryHarness {
 public:
  explicit RegistryHarness(const Config& config) : world_(config) {
    catalog_.on_change([this] { waiters_.wake(); });
    world_.http.answer_at(
        8500, registry::make_api({catalog_, waiters_, clock_, "token", [] { return std::uint16_t{8500}; }}));
  }
  ~RegistryHarness() {
    catalog_.on_change(nullptr);
    world_.stop();
  }

  Discovery& discovery() { return discovery_; }
  void set(const std::string& service, const Endpoints& endpoints) {
    for (const auto* each : catalog_.instances_of(service)) catalog_.remove(std::string(each->definition.id));
    for (const auto& each : endpoints) {
      registry::InstanceRegistration instance;
      instance.id = each.id;
      instance.name = service;
      instance.address = each.address;
      instance.port = each.port;
      instance.meta = each.meta;
      instance.ttl = 0s;
      instance.status = registry::Status::passing;
      catalog_.put(instance);
    }
  }
  void settle() { world_.advance(3s); }

 protected:
  FakeEnvironment world_;
  base::SystemClock clock_;
  registry::Catalog catalog_{clock_, {}};
  registry::Waiters waiters_{world_.io, 16};
  ConsulDiscovery discovery_{world_.env};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Registry, DiscoveryContract, ::testing::Types<RegistryHarness>);

Config config() {
  Config config;
  config.name = config.instance = "caller";
  config.version = "1";
  config.calls["user"] = {"127.0.0.1:9081"};
  config.discovery = {DiscoveryDriver::consul, "127.0.0.1:8500"};
  return config;
}

std::string body(std::uint16_t port) {
  return R"([{"Node": {"Address": "127.0.0.1"}, "Service": {"ID": "user", "Address": "", "Port": )" +
         std::to_string(port) + R"(, "Meta": null}}])";
}

// Answers as told, and writes down what it was asked.
class Consul : public ::testing::Test {
 protected:
  Consul() : world(config()) {
    world.http.answer_at(8500, [this](Request request) -> base::Task<Response> {
      asked.push_back(request.target);
      Response response;
      response.status = status;
      response.body = answer;
      if (!index.empty()) response.headers.add("X-Consul-Index", index);
      // A blocking query that nothing happens to.
      const bool waits = request.target.find("index=" + index + "&") != std::string::npos;
      if (waits) co_await world.scheduler.sleep(60s);
      co_return response;
    });
  }
  ~Consul() override { world.stop(); }

  std::uint16_t port(const Feed& feed) { return feed.endpoints()->empty() ? 0 : feed.endpoints()->front().port; }
  bool logged(const std::string& message) {
    return std::any_of(world.log.lines.begin(), world.log.lines.end(),
                       [&](const base::Json& line) { return line["message"] == message; });
  }

  std::string index = "7";
  std::string answer = body(8001);
  int status = 200;
  std::vector<std::string> asked;
  FakeEnvironment world;
  ConsulDiscovery discovery{world.env};
};

TEST_F(Consul, AsksForPassingOnesAndThenWaitsForNews) {
  const auto feed = discovery.follow("user");
  world.advance(1s);
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0], "/v1/health/service/user?passing=1");
  EXPECT_EQ(asked[1], "/v1/health/service/user?passing=1&index=7&wait=60000ms");
  EXPECT_EQ(port(*feed), 8001);
  world.advance(60s);
  EXPECT_EQ(asked.size(), 3U);
}

TEST_F(Consul, KeepsTheLastGoodListWhileNobodyAnswersRightly) {
  const auto feed = discovery.follow("user");
  world.advance(1s);
  status = 500;
  world.advance(10min);
  EXPECT_EQ(port(*feed), 8001);
  EXPECT_TRUE(logged("the registry does not answer, the addresses known last stay in use"));
  status = 200;
  answer = "<html>";
  world.advance(1min);
  EXPECT_EQ(port(*feed), 8001);
  answer = body(8002);
  world.advance(10s);
  EXPECT_EQ(port(*feed), 8002);
  EXPECT_TRUE(logged("the registry answers again"));
}

TEST_F(Consul, BacksOff) {
  status = 500;
  const auto feed = discovery.follow("user");
  world.advance(1min);
  EXPECT_GT(asked.size(), 10U);
  EXPECT_LT(asked.size(), 40U);
  EXPECT_EQ(port(*feed), 9081) << "what the configuration says";
}

TEST_F(Consul, StartsAnewWhenTheIndexGoesBack) {
  const auto feed = discovery.follow("user");
  world.advance(1s);
  index = "3";
  answer = body(8002);
  world.advance(70s);
  EXPECT_EQ(port(*feed), 8002);
  ASSERT_EQ(asked.size(), 5U);
  EXPECT_THAT(asked[2], HasSubstr("index=7"));
  EXPECT_EQ(asked[3], "/v1/health/service/user?passing=1") << "from the beginning, after an index that went back";
  EXPECT_THAT(asked[4], HasSubstr("index=3"));
}

TEST_F(Consul, NewsWithoutEndIsAskedForAtAMeasuredPace) {
  index = "";  // an answer without an index never blocks
  const auto feed = discovery.follow("user");
  world.advance(1min);
  EXPECT_GT(asked.size(), 60U);
  EXPECT_LT(asked.size(), 150U);
}

TEST_F(Consul, AFeedThatNobodyHoldsIsNotFollowed) {
  discovery.follow("user").reset();
  world.advance(2min);
  EXPECT_LE(asked.size(), 2U);
}

TEST_F(Consul, AStopDoesNotWaitForTheAnswer) {
  const auto feed = discovery.follow("user");
  world.advance(1s);
  world.scheduler.request_shutdown();
  bool joined = false;
  auto join = [](FakeEnvironment& in, bool& done) -> base::Task<> {
    co_await in.scheduler.join();
    done = true;
  };
  boost::asio::co_spawn(world.io, join(world, joined), boost::asio::detached);
  world.advance(2s);
  EXPECT_TRUE(joined);
}

TEST(ReadEndpoints, LeavesOutWhatCannotBeCalled) {
  const auto read = read_endpoints(R"([
    {"Node": {"Address": "10.0.0.1"}, "Service": {"ID": "a", "Address": "", "Port": 80}},
    {"Service": {"ID": "b", "Address": "localhost", "Port": 81, "Meta": {"port_grpc": "82", "odd": 7}}},
    {"Service": {"ID": "c", "Address": "db.example", "Port": 81}},
    {"Service": {"ID": "d", "Address": "10.0.0.1", "Port": 0}},
    {"Service": {"ID": "e", "Address": "10.0.0.1", "Port": 700000}},
    {"Service": 7}, 7])");
  ASSERT_TRUE(read);
  ASSERT_EQ(read.value().size(), 2U);
  EXPECT_EQ(read.value()[0].address, "10.0.0.1");
  EXPECT_EQ(read.value()[1].address, "127.0.0.1");
  EXPECT_EQ(read.value()[1].meta, (std::map<std::string, std::string>{{"port_grpc", "82"}}));
  for (const char* bad : {"", "{}", "[", "null"}) EXPECT_FALSE(read_endpoints(bad)) << bad;
}

TEST(NextIndex, FollowsConsulsRules) {
  EXPECT_EQ(next_index(0, "7"), 7U);
  EXPECT_EQ(next_index(7, "7"), 7U);
  EXPECT_EQ(next_index(7, "3"), 0U);
  EXPECT_EQ(next_index(0, "0"), 1U);
  EXPECT_EQ(next_index(5, ""), 1U);
  EXPECT_EQ(next_index(5, "x"), 1U);
}

}  // namespace
}  // namespace chassis::discovery
