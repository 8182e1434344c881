// The door to operations: who may in, what it asks, and that it is not there without its secret.
#include "services/chassis/api/operations_door.hpp"

#include <gtest/gtest.h>

#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

using base::Json;

constexpr const char* secret = "0123456789abcdef";

Config config_with(const std::string& states_secret) {
  Config config;
  config.name = config.instance = "shop";
  config.states_secret = states_secret;
  return config;
}

base::http::Request request_of(const std::string& method, const std::string& target, const std::string& body = {}) {
  base::http::Request request;
  request.method = method;
  request.target = target;
  request.body = body;
  request.headers.add("Authorization", std::string("Bearer ") + secret);
  return request;
}

class OperationsDoorTest : public ::testing::Test {
 protected:
  OperationsDoorTest() : world(config_with(secret)), door(world.env, &operations) {
    operations.add("outbox", [this](Json request) { return handle(std::move(request)); });
  }
  base::Task<base::Result<Json>> handle(Json request) {
    asked.push_back(request);
    if (request.is_object() && request.contains("drop")) {
      co_return base::fail(base::ErrorCode::not_found, "no parked event has the id 7");
    }
    Json answer{{"unsent", 3}};
    co_return answer;
  }
  base::http::Response ask(base::http::Request request) {
    auto answer = world.ask(door.answer(std::move(request)));
    return answer ? std::move(*answer) : base::http::Response();
  }

  testing::FakeEnvironment world;
  Operations operations;
  OperationsDoor door;
  std::vector<Json> asked;
};

TEST_F(OperationsDoorTest, PassesRequestsOnAndAnswersBack) {
  const auto told = ask(request_of("GET", "/_ops/outbox"));
  EXPECT_EQ(told.status, 200);
  EXPECT_EQ(told.body, R"({"unsent":3})");
  EXPECT_TRUE(asked.at(0).is_null());
  EXPECT_EQ(ask(request_of("POST", "/_ops/outbox", R"({"replay":{"all":true}})")).status, 200);
  EXPECT_EQ(asked.at(1), Json({{"replay", {{"all", true}}}}));
  const auto refused = ask(request_of("POST", "/_ops/outbox", R"({"drop":"7"})"));
  EXPECT_EQ(refused.status, 404);
  EXPECT_NE(refused.body.find("no parked event has the id 7"), std::string::npos);
}

TEST_F(OperationsDoorTest, RefusesWhatItCannotRead) {
  EXPECT_EQ(ask(request_of("POST", "/_ops/outbox", "[1]")).status, 400);
  EXPECT_EQ(ask(request_of("POST", "/_ops/outbox", "{")).status, 400);
  EXPECT_EQ(ask(request_of("DELETE", "/_ops/outbox")).status, 405);
  EXPECT_EQ(ask(request_of("GET", "/_ops/else")).status, 404);
  EXPECT_TRUE(asked.empty());
}

TEST_F(OperationsDoorTest, NeedsTheSecret) {
  auto request = request_of("GET", "/_ops/outbox");
  request.headers.set("Authorization", "Bearer 0123456789abcdeX");
  EXPECT_EQ(ask(request).status, 403);
  EXPECT_TRUE(asked.empty());
}

TEST_F(OperationsDoorTest, IsNotThereWithoutASecret) {
  testing::FakeEnvironment shipped(config_with(""));
  const OperationsDoor closed(shipped.env, &operations);
  EXPECT_FALSE(closed.takes(request_of("GET", "/_ops/outbox")));
  EXPECT_TRUE(door.takes(request_of("GET", "/_ops/outbox")));
  EXPECT_FALSE(door.takes(request_of("GET", "/v1/orders")));
}

}  // namespace
}  // namespace chassis
