// order-service as a whole: what it answers, what it publishes, what it does while others are away.
#include <fstream>

#include "services/chassis/event_schema/event_schema.hpp"
#include "services/order/tests/order_fixture.hpp"

namespace order_service {

const chassis::EventSchemas& event_schemas();  // generated
namespace {

using namespace std::chrono_literals;

class OrderService : public OrderFixture {};

// `msctl api check` compares that file with its past. When this fails, the interface has changed: is that compatible?
// Then write the file anew from a running service: curl -s 127.0.0.1:PORT/openapi.json > services/order/openapi.json
TEST_F(OrderService, DescribesItselfAsTheFileInTheRepositoryDoes) {
  const auto [status, document] = world.json("GET", "/openapi.json");
  ASSERT_EQ(status, 200);
  std::ifstream in(MSCTL_SOURCE_DIR "/services/order/openapi.json");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto file = base::parse_json(text);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(base::dump_json_pretty(document), base::dump_json_pretty(file.value()));
}

TEST_F(OrderService, PublishesWhatItsSchemaSays) {
  ASSERT_EQ(world.json("POST", "/v1/orders", order_body(ann)).first, 201);
  world.advance(200ms);
  ASSERT_EQ(events().size(), 1U);
  const auto event = base::parse_json(events().front().body).value();
  const auto good = event_schemas().check(event["dataschema"], event["data"]);
  EXPECT_TRUE(good) << good.error().message;
  auto without = event["data"];
  without.erase("total_cents");
  EXPECT_EQ(event_schemas().check(event["dataschema"], without).error().message, "total_cents is missing");
}

TEST_F(OrderService, PlacesReadsAndTellsOfAnOrder) {
  const auto [status, order] = world.json("POST", "/v1/orders", order_body(ann));
  ASSERT_EQ(status, 201) << order;
  EXPECT_EQ(order["status"], "placed");
  EXPECT_EQ(order["total_cents"], 1000);
  EXPECT_TRUE(order["total_cents"].is_number_integer());
  const std::string id = order["id"];
  EXPECT_EQ(world.json("GET", "/v1/orders/" + id).second, order);
  EXPECT_EQ(world.json("GET", "/orders/" + id).second, order);

  world.advance(200ms);
  ASSERT_EQ(events().size(), 1U);
  const auto message = events().front();
  EXPECT_EQ(message.subject, "order-service.events.order.placed");
  const auto event = base::parse_json(message.body).value();
  EXPECT_EQ(event["id"], message.id);
  EXPECT_EQ(event["type"], "order.placed");
  EXPECT_EQ(event["specversion"], "1.0");
  EXPECT_EQ(event["source"], "/order-service");
  EXPECT_EQ(event["subject"], id);
  EXPECT_EQ(event["data"]["order_id"], id);
  EXPECT_EQ(event["data"]["total_cents"], 1000);
  EXPECT_EQ(event["data"]["items"][0]["sku"], "A1");
}

TEST_F(OrderService, CarriesTraceDeadlineAndRequestIdToTheUserServiceAndIntoTheEvent) {
  base::http::Headers headers;
  headers.add("Content-Type", "application/json");
  headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  headers.add("X-Request-Id", "abc-1");
  ASSERT_EQ(world.request("POST", "/v1/orders", order_body(ann), headers).status, 201);
  EXPECT_TRUE(std::string(neighbours.last_call.metadata.get("traceparent"))
                  .starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  EXPECT_EQ(neighbours.last_call.metadata.get("x-request-id"), "abc-1");
  EXPECT_EQ(neighbours.last_call.deadline, world.clock.monotonic() + 2s);
  world.advance(200ms);
  ASSERT_EQ(events().size(), 1U);
  const auto sent = events().front().headers;
  EXPECT_TRUE(std::string(sent.get("traceparent")).starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  EXPECT_EQ(sent.get("x-request-id"), "abc-1");
  const auto event = base::parse_json(events().front().body).value();
  EXPECT_EQ(event["traceparent"], sent.get("traceparent"));
  EXPECT_EQ(event["correlationid"], "abc-1");
}

TEST_F(OrderService, MeasuresWhatItWaitsForTheUserServiceByTheEndpointThatAsked) {
  ASSERT_EQ(world.json("POST", "/orders", order_body(ann)).first, 201);
  const auto text = world.request("GET", "/metrics").body;
  EXPECT_NE(text.find(R"(rpc_client_call_duration_seconds_count{caller="POST /v1/orders",)"
                      R"(method="/user.v1.UserService/GetUser",service="user-service"} 1)"),
            std::string::npos)
      << text;
}

TEST_F(OrderService, AnUnknownUserIs422AndUserServiceDownIs503) {
  const auto [unknown, body] = world.json("POST", "/v1/orders", order_body("01234567-89ab-7def-8123-000000000000"));
  EXPECT_EQ(unknown, 422);
  EXPECT_EQ(body["errors"][0]["field"], "user_id");
  neighbours.users.reset();
  const auto [down, problem] = world.json("POST", "/v1/orders", order_body(ann));
  EXPECT_EQ(down, 503) << problem;
  EXPECT_NE(problem["detail"].get<std::string>().find("user-service"), std::string::npos);
  world.advance(1s);
  EXPECT_TRUE(events().empty());
}

TEST_F(OrderService, RefusesWhatBreaksARule) {
  const auto [status, body] = world.json("POST", "/v1/orders", order_body(ann, 0));
  EXPECT_EQ(status, 422);
  EXPECT_EQ(body["errors"][0]["field"], "items[0].quantity");
  const auto [wrong, type] =
      world.json("POST", "/v1/orders",
                 R"({"user_id":"x","currency":"EUR","items":[{"sku":"A1","quantity":1.5,"unit_price_cents":"500"}]})");
  EXPECT_EQ(wrong, 400);
  EXPECT_EQ(type["errors"][0]["field"], "items[0].quantity");
  EXPECT_EQ(type["errors"][1]["field"], "items[0].unit_price_cents");
}

TEST_F(OrderService, APriceThatIsLeftOutIsNotZero) {
  const std::string start =
      R"({"user_id":")" + std::string(ann) + R"(","currency":"EUR","items":[{"sku":"A1","quantity":1)";
  const auto [status, body] = world.json("POST", "/v1/orders", start + "}]}");
  EXPECT_EQ(status, 422);
  EXPECT_EQ(body["errors"][0]["field"], "items[0].unit_price_cents");
  neighbours.prices["A1"] = 0;
  EXPECT_EQ(world.json("POST", "/v1/orders", start + R"(,"unit_price_cents":0}]})").first, 201);
}

TEST_F(OrderService, ABrokerThatIsAwayLosesNothing) {
  world.brokers.set(chassis::broker::MemoryBrokers::Health::down);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(world.json("POST", "/v1/orders", order_body(ann)).first, 201);
  world.advance(60s);
  EXPECT_TRUE(events().empty());
  const auto [status, ready] = world.json("GET", "/health/ready");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(ready["status"], "degraded");
  EXPECT_EQ(ready["checks"]["broker"]["status"], "down");
  world.brokers.set(chassis::broker::MemoryBrokers::Health::up);
  world.advance(10s);
  EXPECT_EQ(events().size(), 3U);
}

TEST_F(OrderService, PublishesRightAfterCommitWithoutWaitingForTheSweep) {
  world.advance(1s);  // the relay sleeps
  ASSERT_EQ(world.json("POST", "/v1/orders", order_body(ann)).first, 201);
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(OrderService, ListsPagesNewestFirst) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.insert(ids.begin(), world.json("POST", "/v1/orders", order_body(ann)).second["id"].get<std::string>());
    world.advance(2ms);
  }
  std::vector<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const auto [status, page] = world.json(
        "GET", std::string("/v1/orders?page_size=2&user_id=") + ann + (token.empty() ? "" : "&page_token=" + token));
    ASSERT_EQ(status, 200) << page;
    for (const auto& order : page["orders"]) seen.push_back(order["id"]);
    token = page["next_page_token"];
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(pages, 3);
}

TEST_F(OrderService, RefusesOddPages) {
  const std::string list = std::string("/v1/orders?user_id=") + ann;
  EXPECT_EQ(world.json("GET", "/v1/orders").first, 422);
  EXPECT_EQ(world.json("GET", list + "&page_size=101").first, 422);
  EXPECT_EQ(world.json("GET", list + "&page_size=-1").first, 422);
  EXPECT_EQ(world.json("GET", list + "&page_size=x").first, 400);
  EXPECT_EQ(world.json("GET", list + "&page_token=x").first, 400);
  EXPECT_EQ(world.json("GET", list + "&page_size=1&page_size=2").first, 400);
  EXPECT_EQ(world.json("GET", "/v1/orders?user_id=nobody").second["orders"].size(), 0U);
}

TEST_F(OrderService, DrainsOnShutdown) {
  world.stop();
  ASSERT_TRUE(world.outcome.has_value());
  EXPECT_TRUE(*world.outcome);
}

}  // namespace
}  // namespace order_service
