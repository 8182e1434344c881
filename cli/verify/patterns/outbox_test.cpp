#include <gtest/gtest.h>

#include "cli/verify/fake_world.hpp"
#include "cli/verify/patterns/patterns.hpp"

namespace verify {
namespace {

using base::Json;
using base::http::Request;
using base::http::Response;
using testing::FakeWorld;
using testing::json;

// A shop whose broker keeps each order's event as often as `times` says, by the order's place in the row.
class Outbox : public ::testing::Test {
 protected:
  void SetUp() override {
    world.add_shop();
    world.on_command = [this](const std::string& service, const std::string& verb) {
      world.set_state(service, verb == "stop" ? "stopped" : "ready");
    };
    world.answer = [this](std::uint16_t, const Request& request) { return answer(request); };
    world.on_run = [this](const Ask&) { return read(); };
  }

  base::Result<Response> answer(const Request& request) {
    if (request.target == "/api/v1/users") return json(201, {{"id", "known"}});
    const auto wanted = base::parse_json(request.body).value();
    if (wanted["user_id"] != "known") {
      refused = wanted["user_id"].get<std::string>();
      return json(refused_status, {{"detail", "no such user"}});
    }
    placed.push_back("order-" + std::to_string(placed.size() + 1));
    return json(201, {{"id", placed.back()}});
  }

  base::Result<program::Output> read() {
    program::Output output;
    for (std::size_t i = 0; i < placed.size(); ++i) {
      for (int n = 0; n < times[i]; ++n) output.out += line({{"order_id", placed[i]}, {"user_id", "known"}});
    }
    if (leaks) output.out += line({{"order_id", "ghost"}, {"user_id", refused}});
    return output;
  }

  static std::string line(const Json& data) {
    const Json event{{"type", "order.placed"}, {"data", data}};
    return base::dump_json({{"seq", 1}, {"data", base::dump_json(event)}}) + "\n";
  }

  Finding look() {
    const auto finding = outbox::look(world);
    return finding ? finding.value() : failed(finding.error().message);
  }

  FakeWorld world;
  std::vector<std::string> placed;
  std::vector<int> times{1, 1, 1};
  std::string refused;
  int refused_status = 422;
  bool leaks = false;
};

TEST_F(Outbox, PassesWhenEachEventIsThereOnce) {
  const auto finding = look();
  EXPECT_EQ(finding.status, Status::passed) << finding.evidence;
  EXPECT_EQ(placed.size(), 3U);
  EXPECT_EQ(world.done,
            (std::vector<std::string>{"stop nats", "kill 3", "restart order-service", "start nats", "start nats"}));
}

TEST_F(Outbox, FailsWhenAnEventIsLostOrDoubled) {
  for (const int count : {0, 2}) {
    placed.clear();
    times[1] = count;
    const auto finding = look();
    EXPECT_EQ(finding.status, Status::failed);
    EXPECT_NE(finding.evidence.find("order-2 was acknowledged"), std::string::npos) << finding.evidence;
    EXPECT_NE(finding.evidence.find(std::to_string(count) + " times"), std::string::npos) << finding.evidence;
  }
}

TEST_F(Outbox, FailsWhenARefusedOrderLeavesAnEvent) {
  leaks = true;
  EXPECT_EQ(look().evidence, "an order that was refused left an event");
}

TEST_F(Outbox, FailsWhenAnUnknownUserIsServed) {
  refused_status = 201;
  EXPECT_EQ(look().evidence, "an order of an unknown user got 201, not 422");
  EXPECT_EQ(world.done.back(), "start nats");
}

TEST_F(Outbox, StartsTheBrokerAlsoWhenInterrupted) {
  world.on_command = [this](const std::string& service, const std::string& verb) {
    world.set_state(service, verb == "stop" ? "stopped" : "ready");
    world.interrupted = verb == "stop";
  };
  EXPECT_EQ(look().evidence, "interrupted");
  EXPECT_EQ(world.done, (std::vector<std::string>{"stop nats", "start nats"}));
}

TEST_F(Outbox, IsAbsentWithoutEvents) {
  world.spec.services["order-service"].publishes.clear();
  EXPECT_EQ(look().status, Status::absent);
  EXPECT_TRUE(world.done.empty());
}

}  // namespace
}  // namespace verify
