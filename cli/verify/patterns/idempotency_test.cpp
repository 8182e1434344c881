#include <gtest/gtest.h>

#include <mutex>

#include "cli/verify/fake_world.hpp"
#include "cli/verify/patterns/patterns.hpp"

namespace verify {
namespace {

using base::http::Request;
using base::http::Response;
using testing::FakeWorld;
using testing::json;

// A shop whose orders honour keys, as far as `broken` lets it.
class Idempotency : public ::testing::Test {
 protected:
  Idempotency() {
    world.add_shop();
    world.spec.services["order-service"].routes.push_back({"/api/v2/orders", "/v2/orders", "order-service"});
    world.answer = [this](std::uint16_t, const Request& request) -> base::Result<Response> {
      const std::lock_guard lock(mutex);
      return answer(request);
    };
  }
  Response answer(const Request& request) {
    if (request.target.starts_with("/api/v1/users")) return json(201, {{"id", "u1"}});
    if (request.method == "GET") return json(200, {{"orders", orders}, {"next_page_token", ""}});
    std::string key(request.headers.get("Idempotency-Key"));
    std::erase(key, '"');
    if (key.empty() && broken != "no key is needed") return json(400, {{"detail", "no key"}});
    const auto known = answers.find(key);
    if (known == answers.end() || broken == "forgets") {
      const std::string id = "o" + std::to_string(orders.size());
      orders.push_back({{"id", id}});
      answers[key] = {request.body, id};
      return json(201, {{"id", id}});
    }
    if (broken == "the order is made again") orders.push_back({{"id", "twin"}});
    if (known->second.first != request.body && broken != "other requests pass") return json(422, {{"detail", "other"}});
    if (broken == "another answer") return json(200, {{"id", known->second.second}});
    return json(201, {{"id", known->second.second}});
  }
  Finding look() {
    const auto finding = idempotency::look(world);
    return finding ? finding.value() : failed(finding.error().message);
  }

  FakeWorld world;
  std::mutex mutex;
  std::string broken;
  base::Json orders = base::Json::array();
  std::map<std::string, std::pair<std::string, std::string>> answers;
};

TEST_F(Idempotency, PassesWhenEachKeyMakesOneOrder) {
  const auto finding = look();
  EXPECT_EQ(finding.status, Status::passed) << finding.evidence;
  EXPECT_EQ(orders.size(), 2U);
}

TEST_F(Idempotency, FailsOnEachDeviation) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"no key is needed", "an order without a key got 201, not 400"},
      {"forgets", "The same key got another answer the second time"},
      {"another answer", "The same key got another answer the second time: 200 instead of 201"},
      {"other requests pass", "another order under the same key got 201, not 422"},
      {"the order is made again", "the same key twice left"},
  };
  for (const auto& [what, evidence] : cases) {
    broken = what;
    orders = base::Json::array();
    answers.clear();
    const auto finding = look();
    EXPECT_EQ(finding.status, Status::failed) << what;
    EXPECT_NE(finding.evidence.find(evidence), std::string::npos) << what << ": " << finding.evidence;
  }
}

TEST_F(Idempotency, IsAbsentWithoutTheNewerVersion) {
  world.spec.services["order-service"].routes.pop_back();
  EXPECT_EQ(look().status, Status::absent);
}

}  // namespace
}  // namespace verify
