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

// A shop in which order "good" is confirmed and order "late" finds its stock sold out.
class Saga : public ::testing::Test {
 protected:
  void SetUp() override {
    world.add_shop();
    world.spec.services["order-service"].routes.push_back({"/api/v2/orders", "/v2/orders", "order-service"});
    world.add("payment-service", 5, 8083).routes = {{"/api/v1/payments", "/v1/payments", "payment-service"}};
    world.add("catalog-service", 6, 8086).routes = {{"/api/v1/reservations", "/v1/reservations", "catalog-service"}};
    world.verbs = {"saga"};
    world.answer = [this](std::uint16_t, const Request& request) { return answer(request); };
    world.on_run = [this](const Ask& ask) { return run(ask); };
    says["/api/v1/skus/SOLD-OUT"] = {{"available", 0}, {"price_cents", 900}};
    says["/api/v2/orders/good"] = {{"status", "confirmed"}};
    says["/api/v2/orders/late"] = {{"status", "cancelled"}, {"reason", "sold_out"}};
    says["/api/v1/reservations/good"] = {{"status", "reserved"}};
    pay("good", "authorized");
    pay("late", "refunded");
    sagas["good"] = saga("completed", "done", "done");
    sagas["late"] = saga("compensated", "compensated", "refused");
  }

  void pay(const std::string& order, const std::string& status) {
    says["/api/v1/payments?order_id=" + order] = {{"payments", Json::array({{{"id", "p"}, {"status", status}}})}};
  }

  static Json saga(const std::string& state, const std::string& payment, const std::string& stock) {
    return {{"state", state},
            {"steps", Json::array({{{"name", "payment"}, {"state", payment}}, {{"name", "stock"}, {"state", stock}}})}};
  }

  base::Result<Response> answer(const Request& request) {
    if (request.target == "/api/v1/users") return json(201, {{"id", "known"}});
    if (request.method == "POST") {
      const auto order = base::parse_json(request.body).value();
      return json(201, {{"id", order["items"][0]["sku"] == "SOLD-OUT" ? "late" : "good"}});
    }
    const auto found = says.find(request.target);
    return found == says.end() ? json(404, {{"detail", "no such thing"}}) : json(200, found->second);
  }

  base::Result<program::Output> run(const Ask& ask) {
    if (ask.argv.at(1) == "saga") return program::Output{0, base::dump_json(sagas.at(ask.argv.at(3))), ""};
    std::string lines;
    for (const auto& type : told) {
      const Json event{{"type", "order." + type}, {"data", {{"order_id", "late"}}}};
      lines += base::dump_json({{"seq", 1}, {"data", base::dump_json(event)}}) + "\n";
    }
    return program::Output{0, lines, ""};
  }

  Finding look() {
    const auto finding = saga::look(world);
    return finding ? finding.value() : failed(finding.error().message);
  }

  FakeWorld world;
  std::map<std::string, Json> says;
  std::map<std::string, Json> sagas;
  std::vector<std::string> told{"placed", "paid", "refund_requested", "cancelled"};
};

TEST_F(Saga, PassesWhenBothEndAsTheyMust) {
  const auto finding = look();
  EXPECT_EQ(finding.status, Status::passed) << finding.evidence;
  EXPECT_NE(finding.evidence.find("completed: payment done, stock done"), std::string::npos) << finding.evidence;
  EXPECT_NE(finding.evidence.find("order.refund_requested and order.cancelled"), std::string::npos) << finding.evidence;
}

TEST_F(Saga, FailsWhenAnOrderDoesNotEnd) {
  says["/api/v2/orders/late"] = {{"status", "cancelling"}, {"reason", "sold_out"}};
  EXPECT_EQ(look().evidence, "order late is cancelling (sold_out), not cancelled, after 10000 ms");
}

TEST_F(Saga, FailsWhenTheMoneyDoesNotComeBack) {
  pay("late", "authorized");
  EXPECT_EQ(look().evidence, "the payment of order late is authorized, not refunded");
}

TEST_F(Saga, FailsWhenAConfirmedOrderHoldsNothing) {
  says["/api/v1/reservations/good"]["status"] = "released";
  EXPECT_EQ(look().evidence, "the stock of order good, which is confirmed, is released");
}

TEST_F(Saga, FailsWhenTheSagaSaysSomethingElse) {
  sagas["late"] = saga("compensated", "done", "refused");
  EXPECT_EQ(look().evidence,
            "the saga of order late is \"compensated: payment done, stock refused\", not "
            "\"compensated: payment compensated, stock refused\"");
}

TEST_F(Saga, FailsWhenSomethingElseIsTold) {
  told.insert(told.begin() + 2, "confirmed");
  EXPECT_NE(look().evidence.find("of order late was told: order.placed, order.paid, order.confirmed"),
            std::string::npos);
}

TEST_F(Saga, IsSkippedWithoutAnythingThatIsSoldOut) {
  says.erase("/api/v1/skus/SOLD-OUT");
  EXPECT_EQ(look().status, Status::skipped);
  says["/api/v1/skus/SOLD-OUT"] = {{"available", 3}, {"price_cents", 900}};
  EXPECT_EQ(look().status, Status::skipped);
}

TEST_F(Saga, IsAbsentWhereOrdersAreNotPaid) {
  world.spec.services.erase("payment-service");
  EXPECT_EQ(look().status, Status::absent);
}

}  // namespace
}  // namespace verify
