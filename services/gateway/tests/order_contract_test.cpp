// What the gateway asks of order-service.
#include <gtest/gtest.h>

#include "services/chassis/contract/suite.hpp"
#include "services/chassis/testing/fake_environment.hpp"
#include "services/gateway/gateway_service.hpp"

namespace gateway_service {
namespace {

using base::Json;
using namespace chassis::contract;

constexpr const char* order_id = "01890a5d-ac96-774b-bcce-b302099a8058";
constexpr const char* user_id = "01890a5d-ac96-774b-bcce-b302099a8057";

struct OrderPair {
  static constexpr const char* consumer = "gateway";
  static constexpr const char* provider = "order-service";
};

chassis::Config order_config() {
  chassis::Config config;
  config.name = config.instance = "gateway";
  config.ports = {{"http", 8080}};
  config.routes = {{"/api/v1/orders", "/v1/orders", "order-service", "127.0.0.1:8082"}};
  return config;
}

class GatewayOrderContract : public Suite<OrderPair> {
 protected:
  GatewayOrderContract() : world(order_config()) {
    world.http.answer_at(8082, contract.http());
    world.start(run);
  }

  // One that is there already goes its way meanwhile.
  static Value order(Value status = like("placed")) {
    return object({{"id", uuid(order_id)},
                   {"user_id", user_id},
                   {"status", std::move(status)},
                   {"currency", "EUR"},
                   {"total_cents", integer(1000)},
                   {"items", each_like(object(
                                 {{"sku", like("A1")}, {"quantity", integer(2)}, {"unit_price_cents", integer(500)}}))},
                   {"created_at", datetime("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2026-01-02T03:04:05.000Z")}});
  }
  static Value wanted(int quantity) {
    return object({{"user_id", user_id},
                   {"currency", "EUR"},
                   {"items", list({object({{"sku", "A1"}, {"quantity", quantity}, {"unit_price_cents", 500}})})}});
  }

  chassis::testing::FakeEnvironment world;
};

TEST_F(GatewayOrderContract, TellsWhereANewOrderIs) {
  contract.given("a user exists", {{"id", user_id}})
      .upon_receiving("a request to place an order")
      .with_request("POST", "/v1/orders")
      .with_json(wanted(2))
      .will_respond_with(201)
      .with_header("Location", regex("/v1/orders/[0-9a-f-]{36}", std::string("/v1/orders/") + order_id))
      .with_json(order("placed"));
  base::http::Headers headers;
  headers.add("Content-Type", "application/json");
  const auto answer = world.request("POST", "/api/v1/orders", base::dump_json(wanted(2).example()), headers);
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.headers.get("location"), std::string("/api/v1/orders/") + order_id);
}

TEST_F(GatewayOrderContract, PassesOnThatAUserDoesNotExist) {
  contract.given("no user exists", {{"id", user_id}})
      .upon_receiving("a request to place an order for somebody unknown")
      .with_request("POST", "/v1/orders")
      .with_json(wanted(1))
      .will_respond_with(422)
      .with_json(object({{"type", "urn:msctl:problem:validation-failed"},
                         {"status", 422},
                         {"errors", each_like(object({{"field", "user_id"}, {"message", like("no such user")}}))}}),
                 "application/problem+json");
  const auto [status, problem] = world.json("POST", "/api/v1/orders", base::dump_json(wanted(1).example()));
  EXPECT_EQ(status, 422);
  EXPECT_EQ(problem["errors"][0]["field"], "user_id");
}

TEST_F(GatewayOrderContract, ReadsAnOrder) {
  contract.given("an order exists", {{"id", order_id}, {"user_id", user_id}})
      .upon_receiving("a request for an order")
      .with_request("GET", std::string("/v1/orders/") + order_id)
      .will_respond_with(200)
      .with_json(order());
  const auto [status, found] = world.json("GET", std::string("/api/v1/orders/") + order_id);
  EXPECT_EQ(status, 200);
  EXPECT_EQ(found["total_cents"], 1000);
}

TEST_F(GatewayOrderContract, PassesOnThatThereIsNoOrder) {
  contract.given("no order exists", {{"id", order_id}})
      .upon_receiving("a request for an order that does not exist")
      .with_request("GET", std::string("/v1/orders/") + order_id)
      .will_respond_with(404)
      .with_json(object({{"type", "urn:msctl:problem:not-found"}, {"status", 404}}), "application/problem+json");
  EXPECT_EQ(world.json("GET", std::string("/api/v1/orders/") + order_id).first, 404);
}

TEST_F(GatewayOrderContract, ListsTheOrdersOfAUser) {
  contract.given("an order exists", {{"id", order_id}, {"user_id", user_id}})
      .upon_receiving("a request for a page of a user's orders")
      .with_request("GET", "/v1/orders")
      .with_query("user_id", user_id)
      .with_query("page_size", regex("[1-9][0-9]?|100", "20"))
      .will_respond_with(200)
      .with_json(object({{"orders", each_like(order())}, {"next_page_token", like("")}}));
  const auto [status, page] = world.json("GET", std::string("/api/v1/orders?page_size=20&user_id=") + user_id);
  EXPECT_EQ(status, 200);
  EXPECT_EQ(page["orders"].size(), 1U);
}

}  // namespace
}  // namespace gateway_service
