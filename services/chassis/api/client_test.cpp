// Where a client's calls go when discovery has news.
#include "services/chassis/api/client.hpp"

#include <gtest/gtest.h>

#include "services/chassis/api/testdata/sample.pb.h"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

Config discovering() {
  Config config;
  config.name = config.instance = "caller";
  config.version = "1";
  config.calls["user"] = {"127.0.0.1:9081"};
  config.discovery = {DiscoveryDriver::consul, "127.0.0.1:8500"};
  return config;
}

class ServiceClientTest : public ::testing::Test {
 protected:
  ServiceClientTest() : world(discovering()) {
    world.http.answer_at(8500, [this](base::http::Request request) -> base::Task<base::http::Response> {
      if (request.target.find("index=") != std::string::npos) co_await world.scheduler.sleep(std::chrono::minutes(1));
      base::http::Response response;
      response.headers.add("X-Consul-Index", "5");
      response.body = instances;
      co_return response;
    });
  }
  std::unique_ptr<rpc::Server> serve(std::uint16_t port) {
    rpc::Methods methods;
    methods["/grpc.health.v1.Health/Check"] = [this,
                                               port](rpc::Call /*call*/) -> base::Task<base::Result<std::string>> {
      served.push_back(port);
      co_return std::string("\x08\x01");
    };
    return world.rpc.serve("127.0.0.1", port, std::move(methods)).value();
  }
  bool ping(ServiceClient& client) {
    const auto answer = world.ask(client.ping(world.clock.monotonic() + std::chrono::seconds(1)));
    return answer && *answer;
  }

  std::string instances =
      R"([{"Service": {"ID": "a", "Address": "127.0.0.1", "Port": 1, "Meta": {"port_grpc": "9001"}}},
                              {"Service": {"ID": "b", "Address": "127.0.0.1", "Port": 2, "Meta": {"port_grpc": "9002"}}}])";
  std::vector<int> served;
  testing::FakeEnvironment world;
};

TEST_F(ServiceClientTest, CallsTheConfiguredAddressUntilInstancesAreKnownThenThemInTurn) {
  const auto configured = serve(9081);
  const auto first = serve(9001);
  auto second = serve(9002);
  auto client = ServiceClient::connect(world.env, "user").value();
  const auto before = world.ask(client.ping(world.clock.monotonic() + std::chrono::seconds(1)));
  ASSERT_TRUE(before && *before);
  world.advance(std::chrono::milliseconds(10));
  served.clear();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ping(client));
  EXPECT_EQ(served, (std::vector<int>{9001, 9002, 9001, 9002}));
  second.reset();
  served.clear();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ping(client));
  EXPECT_EQ(served, (std::vector<int>{9001, 9001, 9001}));
  instances = "[]";
  world.advance(std::chrono::minutes(2));
  served.clear();
  EXPECT_TRUE(ping(client));
  EXPECT_EQ(served, std::vector<int>{9081});
}

TEST_F(ServiceClientTest, SendsTheKeyAgainstRepetition) {
  instances = "[]";  // the configured address answers
  std::vector<std::string> keys;
  rpc::Methods methods;
  methods["/s.S/M"] = [&keys](rpc::Call call) -> base::Task<base::Result<std::string>> {
    keys.emplace_back(call.metadata.get("idempotency-key"));
    co_return std::string();
  };
  const auto server = world.rpc.serve("127.0.0.1", 9081, std::move(methods)).value();
  auto client = ServiceClient::connect(world.env, "user").value();
  CallContext context;
  context.trace = continue_trace("", "", world.random);
  context.deadline = world.clock.monotonic() + std::chrono::seconds(1);
  const test::Sample request;
  for (const std::string once : {"k-1", ""}) {
    const auto answer = world.ask(client.unary<test::Sample>("/s.S/M", context, request, once));
    ASSERT_TRUE(answer && *answer);
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"k-1", ""}));
}

TEST_F(ServiceClientTest, NeedsADeclaredCall) { EXPECT_FALSE(ServiceClient::connect(world.env, "other")); }

}  // namespace
}  // namespace chassis
