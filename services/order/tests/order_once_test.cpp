// The two versions of orders: the newer needs a key and does each request once, the older says that it will go.
#include <gtest/gtest.h>

#include "services/order/proto/order.pb.h"
#include "services/order/tests/order_fixture.hpp"

namespace order_service {
namespace {

using namespace std::chrono_literals;
using base::Json;

class OrdersOnce : public OrderFixture {
 protected:
  base::http::Response place(const std::string& key, const std::string& body, const std::string& path = "/v2/orders") {
    base::http::Headers headers;
    headers.add("Content-Type", "application/json");
    if (!key.empty()) headers.add("Idempotency-Key", key);
    return world.request("POST", path, body, headers);
  }
  std::size_t orders() {
    return world.json("GET", std::string("/v2/orders?page_size=100&user_id=") + ann).second["orders"].size();
  }
  static Json body_of(const base::http::Response& response) { return base::parse_json(response.body).value(); }
};

TEST_F(OrdersOnce, TheSameKeyGetsTheSameAnswer) {
  const auto first = place("k-1", order_body(ann));
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(first.headers.get("Idempotent-Replayed"), "");
  EXPECT_EQ(first.headers.get("Location"), "/v2/orders/" + body_of(first)["id"].get<std::string>());
  world.advance(1s);
  const auto second = place("k-1", order_body(ann));
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.headers.get("Location"), first.headers.get("Location"));
  EXPECT_EQ(second.headers.get("Idempotent-Replayed"), "true");
  world.advance(1s);
  EXPECT_EQ(orders(), 1U);
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(OrdersOnce, AKeyInQuotesIsTheSameKey) {
  ASSERT_EQ(place("\"k-1\"", order_body(ann)).status, 201);
  EXPECT_EQ(place("k-1", order_body(ann)).headers.get("Idempotent-Replayed"), "true");
}

TEST_F(OrdersOnce, SpacesInTheBodyMakeNoOtherRequest) {
  const std::string spaced = R"({ "currency":"EUR", "user_id":")" + std::string(ann) +
                             R"(","items":[{"unit_price_cents":500,"sku":"A1","quantity":2}]})";
  ASSERT_EQ(place("k-1", order_body(ann)).status, 201);
  EXPECT_EQ(place("k-1", spaced).headers.get("Idempotent-Replayed"), "true");
}

TEST_F(OrdersOnce, AnotherRequestUnderTheKeyIsRefused) {
  ASSERT_EQ(place("k-1", order_body(ann)).status, 201);
  const auto refused = place("k-1", order_body(ann, 3));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(body_of(refused)["errors"][0]["field"], "Idempotency-Key");
  EXPECT_EQ(orders(), 1U);
}

TEST_F(OrdersOnce, NeedsAKeyThatCanBeRead) {
  for (const std::string key : {"", "\"\"", "a b", "\"open", "\"a\"b\"", "\x7f"}) {
    const auto refused = place(key, order_body(ann));
    EXPECT_EQ(refused.status, 400) << key;
    EXPECT_EQ(refused.headers.get("Content-Type"), "application/problem+json");
    EXPECT_EQ(body_of(refused)["errors"][0]["field"], "Idempotency-Key") << key;
  }
  EXPECT_EQ(place(std::string(256, 'k'), order_body(ann)).status, 400);
  EXPECT_EQ(place(std::string(255, 'k'), order_body(ann)).status, 201);
  base::http::Headers twice;
  twice.add("Content-Type", "application/json");
  twice.add("Idempotency-Key", "a");
  twice.add("Idempotency-Key", "b");
  EXPECT_EQ(world.request("POST", "/v2/orders", order_body(ann), twice).status, 400);
  EXPECT_EQ(orders(), 1U);
}

TEST_F(OrdersOnce, ARefusalIsGivenAgainAndAnOutageIsNot) {
  const std::string unknown = order_body("01234567-89ab-7def-8123-000000000000");
  const auto first = place("k-1", unknown);
  EXPECT_EQ(first.status, 422);
  const auto second = place("k-1", unknown);
  EXPECT_EQ(second.status, 422);
  EXPECT_EQ(second.headers.get("Idempotent-Replayed"), "true");
  EXPECT_EQ(body_of(second)["detail"], body_of(first)["detail"]);
  EXPECT_EQ(body_of(second)["errors"], body_of(first)["errors"]);

  neighbours.users.reset();
  EXPECT_EQ(place("k-2", order_body(ann)).status, 503);
  neighbours.start_users();
  const auto later = place("k-2", order_body(ann));
  EXPECT_EQ(later.status, 201);
  EXPECT_EQ(later.headers.get("Idempotent-Replayed"), "");
}

TEST_F(OrdersOnce, TheOlderVersionHonoursAKeyAndSaysThatItWillGo) {
  const auto plain = place("", order_body(ann), "/v1/orders");
  EXPECT_EQ(plain.status, 201);
  EXPECT_EQ(plain.headers.get("Deprecation"), "@1793491200");
  EXPECT_EQ(plain.headers.get("Sunset"), "Mon, 01 Nov 2027 00:00:00 GMT");
  EXPECT_EQ(plain.headers.get("Link"), "</api/v2/orders>; rel=\"successor-version\"");
  EXPECT_EQ(place("", order_body(ann, 0), "/orders").headers.get("Deprecation"), "@1793491200") << "refusals too";

  const auto keyed = place("k-1", order_body(ann), "/v1/orders");
  const auto again = place("k-1", order_body(ann), "/v1/orders");
  EXPECT_EQ(again.body, keyed.body);
  const auto newer = place("k-1", order_body(ann));
  EXPECT_EQ(newer.body, keyed.body) << "one key over both versions";
  EXPECT_EQ(newer.headers.get("Deprecation"), "");
  EXPECT_EQ(orders(), 2U);
}

TEST_F(OrdersOnce, AKeyOverGrpcIsTheSameKey) {
  const auto over_rest = place("k-1", order_body(ann));
  order::v1::PlaceOrderRequest request;
  request.set_user_id(ann);
  request.set_currency("EUR");
  auto* item = request.add_items();
  item->set_sku("A1");
  item->set_quantity(2);
  item->set_unit_price_cents(500);
  chassis::rpc::Call call{
      "/order.v1.OrderService/PlaceOrder", request.SerializeAsString(), {}, world.clock.monotonic() + 1s};
  call.metadata.add("idempotency-key", "k-1");
  const auto channel = world.rpc.connect("127.0.0.1:9082");
  const auto answer = world.ask(channel->call(call));
  ASSERT_TRUE(answer && *answer);
  order::v1::Order order;
  ASSERT_TRUE(order.ParseFromString(answer->value()));
  EXPECT_EQ(order.id(), body_of(over_rest)["id"]);
  EXPECT_EQ(order.items(0).unit_price_cents(), 500);
  EXPECT_EQ(orders(), 1U);
}

}  // namespace
}  // namespace order_service
