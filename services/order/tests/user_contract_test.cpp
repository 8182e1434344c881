// What order-service asks of user-service, over gRPC.
#include <gtest/gtest.h>

#include "services/chassis/contract/suite.hpp"
#include "services/order/tests/order_fixture.hpp"

namespace order_service {
namespace {

using namespace chassis::contract;
using user::v1::GetUserRequest;
using user::v1::User;

constexpr const char* user_id = "01890a5d-ac96-774b-bcce-b302099a8057";

struct UserPair {
  static constexpr const char* consumer = "order-service";
  static constexpr const char* provider = "user-service";
};

class OrderUserContract : public Suite<UserPair> {
 protected:
  OrderUserContract() : world(config()), neighbours(world) { neighbours.users.reset(); }

  // Places an order with user-service being what the contract says.
  std::pair<int, base::Json> place() {
    users = world.rpc.serve("127.0.0.1", 9081, contract.rpc()).value();
    world.start(run);
    return world.json("POST", "/v1/orders", order_body(user_id));
  }

  chassis::testing::FakeEnvironment world;
  Neighbours neighbours;
  std::unique_ptr<chassis::rpc::Server> users;
};

TEST_F(OrderUserContract, TakesOrdersOfUsersThatExist) {
  contract.given("a user exists", {{"id", user_id}})
      .upon_receiving("a call for a user")
      .with_call<GetUserRequest, User>("user.v1.UserService/GetUser")
      .with_request(object({{"id", user_id}}))
      .will_respond_with(object({{"id", user_id}, {"email", like("ann@example.com")}, {"name", like("Ann")}}));
  EXPECT_EQ(place().first, 201);
}

TEST_F(OrderUserContract, RefusesOrdersOfUsersThatDoNot) {
  contract.given("no user exists", {{"id", user_id}})
      .upon_receiving("a call for a user that does not exist")
      .with_call<GetUserRequest, User>("user.v1.UserService/GetUser")
      .with_request(object({{"id", user_id}}))
      .will_fail_with(base::ErrorCode::not_found, "there is no user " + std::string(user_id));
  EXPECT_EQ(place().first, 422);
}

}  // namespace
}  // namespace order_service
