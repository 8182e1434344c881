// What order-service asks of user-service, over gRPC.
#include <gtest/gtest.h>

#include "services/chassis/contract/suite.hpp"
#include "services/chassis/testing/fake_environment.hpp"
#include "services/order/order_service.hpp"
#include "services/user/proto/user.pb.h"

namespace order_service {
namespace {

using namespace chassis::contract;
using user::v1::GetUserRequest;
using user::v1::User;

constexpr const char* ann = "01890a5d-ac96-774b-bcce-b302099a8057";

struct UserPair {
  static constexpr const char* consumer = "order-service";
  static constexpr const char* provider = "user-service";
};

chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "order-service";
  config.ports = {{"http", 8082}, {"grpc", 9082}};
  config.database_url = "sqlite::memory:";
  config.broker_url = "nats://127.0.0.1:4222";
  config.calls["user-service"] = {"127.0.0.1:9081", std::chrono::seconds(2)};
  return config;
}

class OrderUserContract : public Suite<UserPair> {
 protected:
  OrderUserContract() : world(config()) {}

  // Places an order with user-service being what the contract says.
  std::pair<int, base::Json> place() {
    users = world.rpc.serve("127.0.0.1", 9081, contract.rpc()).value();
    world.start(run);
    const std::string order = R"({"user_id":")" + std::string(ann) +
                              R"(","currency":"EUR","items":[{"sku":"A1","quantity":2,"unit_price_cents":500}]})";
    return world.json("POST", "/v1/orders", order);
  }

  chassis::testing::FakeEnvironment world;
  std::unique_ptr<chassis::rpc::Server> users;
};

TEST_F(OrderUserContract, TakesOrdersOfUsersThatExist) {
  contract.given("a user exists", {{"id", ann}})
      .upon_receiving("a call for a user")
      .with_call<GetUserRequest, User>("user.v1.UserService/GetUser")
      .with_request(object({{"id", ann}}))
      .will_respond_with(object({{"id", ann}, {"email", like("ann@example.com")}, {"name", like("Ann")}}));
  EXPECT_EQ(place().first, 201);
}

TEST_F(OrderUserContract, RefusesOrdersOfUsersThatDoNot) {
  contract.given("no user exists", {{"id", ann}})
      .upon_receiving("a call for a user that does not exist")
      .with_call<GetUserRequest, User>("user.v1.UserService/GetUser")
      .with_request(object({{"id", ann}}))
      .will_fail_with(base::ErrorCode::not_found, "there is no user " + std::string(ann));
  EXPECT_EQ(place().first, 422);
}

}  // namespace
}  // namespace order_service
