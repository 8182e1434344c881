#pragma once
// catalog-service as a whole on a fake environment, with an order-service of which only the events are there.

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/json_text.hpp"
#include "services/catalog/catalog_service.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace catalog_service {

inline chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "catalog-service";
  config.version = "0.1.0";
  config.ports = {{"http", 8086}, {"grpc", 9086}};
  config.database_url = "sqlite::memory:";
  config.broker_url = "nats://127.0.0.1:4222";
  for (const char* type : {"order.paid", "order.release_requested"}) config.publishers[type] = {"order-service"};
  return config;
}

class CatalogFixture : public testing::Test {
 protected:
  CatalogFixture() : world(config()), orders(world.brokers.connect("").value()) {
    chassis::broker::Stream stream{"ORDER-SERVICE", {"order-service.events.>"}};
    world.ask(orders->ensure_stream(world.clock.monotonic() + std::chrono::seconds(1), std::move(stream)));
    world.start(run);
  }
  ~CatalogFixture() override { world.stop(); }

  // One delivery of an event of order-service; time goes on until it was answered.
  void publish(const std::string& id, const std::string& type, const base::Json& data) {
    const base::Json event{{"specversion", "1.0"},
                           {"id", id},
                           {"source", "/order-service"},
                           {"type", type},
                           {"subject", base::text_at(data, "order_id")},
                           {"data", data}};
    std::vector<chassis::broker::Message> messages{{"order-service.events." + type, "", {}, base::dump_json(event)}};
    messages[0].id = "delivery-" + std::to_string(++deliveries);  // so that the broker drops none
    const auto deadline = world.clock.monotonic() + std::chrono::seconds(1);
    ASSERT_TRUE(world.ask(orders->publish(deadline, std::move(messages)))->front());
    world.advance(std::chrono::milliseconds(100));
  }
  void paid(const std::string& event, const std::string& order, const base::Json& items) {
    publish(event, "order.paid", {{"order_id", order}, {"user_id", "ann"}, {"items", items}});
  }
  void paid(const std::string& event, const std::string& order, const std::string& sku, std::int64_t quantity) {
    paid(event, order, base::Json::array({{{"sku", sku}, {"quantity", quantity}}}));
  }
  void release(const std::string& event, const std::string& order) {
    publish(event, "order.release_requested", {{"order_id", order}, {"reason", "cancelled"}});
  }

  // What it told, oldest first: `stock.reserved o1 [{"sku":"A1","quantity":2}]`.
  std::vector<std::string> told() {
    std::vector<std::string> lines;
    for (const auto& message : world.brokers.stored("CATALOG-SERVICE")) {
      const auto event = base::parse_json(message.body).value();
      const auto& data = event["data"];
      EXPECT_EQ(event["subject"], data["order_id"]);
      std::string line = event["type"].get<std::string>() + " " + data["order_id"].get<std::string>();
      if (data.contains("items")) line += " " + base::dump_json(data["items"]);
      if (data.contains("reason"))
        line += " " + data["reason"].get<std::string>() + " " + data["sku"].get<std::string>();
      lines.push_back(line);
    }
    return lines;
  }

  // `available/reserved/received@version`
  std::string stock(const std::string& sku) {
    const auto [status, body] = world.json("GET", "/v1/skus/" + sku);
    if (status != 200) return std::to_string(status);
    return base::dump_json(body["available"]) + "/" + base::dump_json(body["reserved"]) + "/" +
           base::dump_json(body["received"]) + "@" + base::dump_json(body["version"]);
  }

  base::http::Response send(const std::string& method, const std::string& path, const std::string& body,
                            const std::string& key = {}) {
    base::http::Headers headers;
    headers.add("Content-Type", "application/json");
    if (!key.empty()) headers.add("Idempotency-Key", key);
    return world.request(method, path, body, headers);
  }
  // A new SKU with that much stock.
  void stocked(const std::string& sku, std::int64_t quantity) {
    ASSERT_EQ(send("PUT", "/v1/skus/" + sku, R"({"title":"T","price_cents":100,"currency":"EUR"})").status, 200);
    const std::string body = R"({"quantity":)" + std::to_string(quantity) + "}";
    ASSERT_EQ(send("POST", "/v1/skus/" + sku + "/receipts", body, "stocked-" + sku).status, 200);
  }

  chassis::testing::FakeEnvironment world;
  std::unique_ptr<chassis::broker::Broker> orders;
  int deliveries = 0;
};

}  // namespace catalog_service
