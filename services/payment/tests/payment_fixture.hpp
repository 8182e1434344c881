#pragma once
// payment-service as a whole on a fake environment, with a scripted provider and events as order-service sends them.

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "services/chassis/testing/fake_environment.hpp"
#include "services/payment/adapters/out/legacy/scripted.hpp"
#include "services/payment/payment_service.hpp"
#include "services/payment/tests/timed_http.hpp"

namespace payment_service {

inline chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "payment-service";
  config.version = "0.1.0";
  config.ports = {{"http", 8083}, {"grpc", 9083}};
  config.database_url = "sqlite::memory:";
  config.broker_url = "nats://127.0.0.1:4222";
  config.publishers = {{"order.placed", {"order-service"}}, {"order.refund_requested", {"order-service"}}};
  config.calls["legacy-payments"] = {"127.0.0.1:8093", std::chrono::seconds(2)};
  return config;
}

class PaymentFixture : public testing::Test {
 protected:
  static constexpr std::uint16_t provider_port = 8093;

  explicit PaymentFixture(chassis::Config own = config()) : world(std::move(own)) {
    broker = world.brokers.connect("").value();
    chassis::broker::Stream orders{"ORDER-SERVICE", {"order-service.events.>"}};
    world.ask(broker->ensure_stream(world.clock.monotonic() + std::chrono::seconds(1), std::move(orders)));
    world.http.answer_at(provider_port, provider.handler());
    world.start([this](chassis::Environment&) { return run(timed); });
  }
  ~PaymentFixture() override { world.stop(); }

  // Each time another event, unless `id` says that it is one that was there before.
  void publish(const std::string& type, const std::string& order, const base::Json& data, std::string id = {}) {
    if (id.empty()) id = "e" + std::to_string(++events_);
    const base::Json event{{"specversion", "1.0"}, {"id", id},         {"source", "/order-service"},
                           {"type", type},         {"subject", order}, {"data", data}};
    // Under an id of its own, so that the broker's window does not help.
    std::vector<chassis::broker::Message> messages{
        {"order-service.events." + type, "m" + std::to_string(++messages_), {}, base::dump_json(event)}};
    messages[0].headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    messages[0].headers.add("X-Request-Id", "r-1");
    const auto answers =
        world.ask(broker->publish(world.clock.monotonic() + std::chrono::seconds(1), std::move(messages)));
    ASSERT_TRUE(answers && answers->front());
  }
  void placed(const std::string& order, std::int64_t total = 1250, const std::string& id = {},
              const std::string& currency = "EUR") {
    publish("order.placed", order,
            {{"order_id", order},
             {"user_id", "u"},
             {"currency", currency},
             {"total_cents", total},
             {"items", {{{"sku", "A1"}, {"quantity", 1}, {"unit_price_cents", total}}}}},
            id);
  }
  void refund_requested(const std::string& order, const std::string& id = {}) {
    publish("order.refund_requested", order, {{"order_id", order}, {"reason", "sold_out"}}, id);
  }

  // What was published: of each event its type and the members of its data that matter, in order.
  std::vector<std::string> told(const std::string& order) {
    std::vector<std::string> all;
    for (const auto& message : world.brokers.stored("PAYMENT-SERVICE")) {
      const auto event = base::parse_json(message.body).value();
      if (event["subject"] != order) continue;
      const auto& data = event["data"];
      std::string text = event["type"];
      if (data.contains("reason")) text += " " + data["reason"].get<std::string>();
      if (data.contains("amount_cents")) text += " " + std::to_string(data["amount_cents"].get<std::int64_t>());
      all.push_back(text);
    }
    return all;
  }
  base::Json payment_of(const std::string& order) {
    const auto page = world.json("GET", "/v1/payments?order_id=" + order).second;
    return page["payments"].size() == 1 ? page["payments"][0] : base::Json(page["payments"].size());
  }
  std::string status_of(const std::string& order) { return payment_of(order)["status"]; }
  int charges(const std::string& order) { return provider.charges(payment_of(order)["id"]); }
  int refunds(const std::string& order) { return provider.refunds(payment_of(order)["id"]); }
  bool has_metric(const std::string& line) {
    return world.request("GET", "/metrics").body.find(line + "\n") != std::string::npos;
  }

  chassis::testing::FakeEnvironment world;
  TimedHttp timed_http{world.http, world.scheduler};
  chassis::Environment timed{world.config,    world.clock,   world.random, world.scheduler, timed_http,     world.rpc,
                             world.databases, world.brokers, world.log,    world.metrics,   world.lifecycle};
  legacy::ScriptedProvider provider{world.scheduler, world.clock};
  std::unique_ptr<chassis::broker::Broker> broker;

 private:
  int events_ = 0;
  int messages_ = 0;
};

}  // namespace payment_service
