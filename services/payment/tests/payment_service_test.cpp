// payment-service as a whole: what it answers, and what becomes of orders while the provider behaves.
#include <fstream>

#include "services/chassis/event_schema/event_schema.hpp"
#include "services/payment/tests/payment_fixture.hpp"

namespace payment_service {

const chassis::EventSchemas& event_schemas();  // generated
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PaymentService : public PaymentFixture {
 protected:
  base::http::Response post(const std::string& path, const std::string& key, const std::string& body) {
    base::http::Headers headers;
    headers.add("Content-Type", "application/json");
    if (!key.empty()) headers.add("Idempotency-Key", key);
    return world.request("POST", path, body, headers);
  }
  static base::Json body_of(const base::http::Response& response) { return base::parse_json(response.body).value(); }
};

constexpr const char* good = R"({"order_id":"o-1","amount_cents":1250,"currency":"EUR"})";

// `msctl api check` compares that file with its past. When this fails, the interface has changed: is that compatible?
// Then write the file anew from a running service: curl -s 127.0.0.1:PORT/openapi.json > services/payment/openapi.json
TEST_F(PaymentService, DescribesItselfAsTheFileInTheRepositoryDoes) {
  const auto [status, document] = world.json("GET", "/openapi.json");
  ASSERT_EQ(status, 200);
  std::ifstream in(MSCTL_SOURCE_DIR "/services/payment/openapi.json");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto file = base::parse_json(text);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(base::dump_json_pretty(document), base::dump_json_pretty(file.value()));
}

TEST_F(PaymentService, ChargesAnOrderAndTellsOfIt) {
  placed("o-1");
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250"));
  const auto payment = payment_of("o-1");
  EXPECT_EQ(payment["status"], "authorized");
  EXPECT_EQ(payment["amount_cents"], 1250);
  EXPECT_EQ(charges("o-1"), 1);
  EXPECT_EQ(world.json("GET", "/v1/payments/" + payment["id"].get<std::string>()).second, payment);
}

TEST_F(PaymentService, OnlyTheOrderHasItsPaymentPaidBack) {
  const auto made = post("/v1/payments", "k-1", good);
  ASSERT_EQ(made.status, 201) << made.body;
  placed("o-1");
  placed("o-2");
  world.advance(1s);
  for (const char* order : {"o-1", "o-2"}) {
    const auto path = "/v1/payments/" + payment_of(order)["id"].get<std::string>() + "/refund";
    const auto refused = post(path, std::string("r-") + order, "{}");
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_NE(refused.body.find("cancel the order instead"), std::string::npos) << refused.body;
    EXPECT_EQ(payment_of(order)["status"], "authorized");
  }
  refund_requested("o-1");
  world.advance(1s);
  EXPECT_EQ(payment_of("o-1")["status"], "refunded");
}

TEST_F(PaymentService, ItsEventsContinueTheTraceAndFollowTheirSchemas) {
  placed("o-1");
  placed("o-2");
  world.advance(1s);
  provider.script = {legacy::Act::refuse};
  placed("o-3");
  world.advance(1s);
  refund_requested("o-2");
  world.advance(1s);
  const auto events = world.brokers.stored("PAYMENT-SERVICE");
  ASSERT_EQ(events.size(), 4U);
  for (const auto& message : events) {
    const auto event = base::parse_json(message.body).value();
    EXPECT_EQ(message.subject, "payment-service.events." + event["type"].get<std::string>());
    EXPECT_EQ(event["source"], "/payment-service");
    EXPECT_EQ(event["correlationid"], "r-1");
    EXPECT_TRUE(event["traceparent"].get<std::string>().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    const auto kept = event_schemas().check(event["dataschema"], event["data"]);
    EXPECT_TRUE(kept) << kept.error().message;
  }
}

TEST_F(PaymentService, ADeclineIsTheEndOfIt) {
  provider.script = {legacy::Act::refuse};
  placed("o-1");
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.declined card_refused"));
  EXPECT_EQ(payment_of("o-1")["reason"], "card_refused");
  refund_requested("o-1");
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.declined card_refused", "payment.refunded 0"));
  EXPECT_EQ(status_of("o-1"), "declined");
}

TEST_F(PaymentService, NothingToPayIsAuthorizedWithoutTheProvider) {
  placed("o-1", 0);
  world.advance(1s);
  refund_requested("o-1");
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 0", "payment.refunded 0"));
  EXPECT_EQ(provider.demands, 0);
}

TEST_F(PaymentService, ACurrencyThatTheProviderDoesNotKnowIsDeclined) {
  placed("o-1", 1250, {}, "XXX");
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.declined provider_refused"));
  EXPECT_EQ(provider.demands, 0);
}

TEST_F(PaymentService, EventsThatComeTwiceHaveTheirEffectOnce) {
  for (int i = 0; i < 3; ++i) placed("o-1", 1250, "same");
  placed("o-1");  // another event of the same order
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250"));
  for (int i = 0; i < 3; ++i) refund_requested("o-1", "refund");
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250", "payment.refunded 1250"));
  EXPECT_EQ(charges("o-1"), 1);
  EXPECT_EQ(refunds("o-1"), 1);
}

TEST_F(PaymentService, ARequestThatIsMadeAgainIsAnsweredAgain) {
  placed("o-1");
  world.advance(1s);
  for (int i = 0; i < 3; ++i) {
    refund_requested("o-1");
    world.advance(1s);
  }
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250", "payment.refunded 1250", "payment.refunded 1250",
                                       "payment.refunded 1250"));
  EXPECT_EQ(refunds("o-1"), 1);
  EXPECT_EQ(status_of("o-1"), "refunded");
}

TEST_F(PaymentService, ARefundThatOvertakesItsOrderKeepsItFromBeingCharged) {
  refund_requested("o-1");
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.refunded 0"));
  placed("o-1");
  world.advance(5s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.refunded 0"));
  EXPECT_EQ(status_of("o-1"), "voided");
  EXPECT_EQ(provider.demands, 0);
  refund_requested("o-1");
  world.advance(1s);
  EXPECT_EQ(told("o-1").size(), 2U) << "also the second request is answered";
  const auto event = base::parse_json(world.brokers.stored("PAYMENT-SERVICE").front().body).value();
  EXPECT_EQ(event["data"]["payment_id"], "");
  EXPECT_EQ(event["data"]["currency"], "");
}

TEST_F(PaymentService, WorksOnManyAtOnceButNotOnAll) {
  for (int i = 0; i < 100; ++i) placed("o-" + std::to_string(i));
  world.advance(2s);
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(told("o-" + std::to_string(i)), ElementsAre("payment.authorized 1250"));
    EXPECT_EQ(charges("o-" + std::to_string(i)), 1);
  }
}

TEST_F(PaymentService, TakesPaymentsOverRestOnceAKey) {
  const auto first = post("/v1/payments", "k-1", good);
  ASSERT_EQ(first.status, 201) << first.body;
  const auto payment = body_of(first);
  EXPECT_EQ(payment["status"], "pending");
  EXPECT_EQ(first.headers.get("Location"), "/v1/payments/" + payment["id"].get<std::string>());
  EXPECT_EQ(post("/v1/payments", "k-1", good).body, first.body);
  EXPECT_EQ(post("/payments", "k-2", good).status, 409) << "one payment for an order";
  EXPECT_EQ(post("/v1/payments", "", good).status, 400);
  const auto invalid = post("/v1/payments", "k-3", R"({"order_id":"o","amount_cents":-1,"currency":"EUR"})");
  EXPECT_EQ(invalid.status, 422);
  EXPECT_EQ(body_of(invalid)["errors"][0]["field"], "amount_cents");
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250"));
}

TEST_F(PaymentService, PaysBackOverRestOnceAKey) {
  const std::string path = "/v1/payments/" + body_of(post("/v1/payments", "k-1", good))["id"].get<std::string>();
  world.advance(1s);
  EXPECT_EQ(post(path + "/refund", "", "{}").status, 400);
  const auto asked = post(path + "/refund", "k-2", "{}");
  EXPECT_EQ(asked.status, 200) << asked.body;
  EXPECT_EQ(body_of(asked)["status"], "refund_pending");
  EXPECT_EQ(post(path + "/refund", "k-2", "{}").body, asked.body);
  world.advance(1s);
  EXPECT_EQ(world.json("GET", path).second["status"], "refunded");
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250", "payment.refunded 1250"));
  EXPECT_EQ(post("/v1/payments/nobody/refund", "k-3", "{}").status, 404);
}

TEST_F(PaymentService, WhatWasDeclinedCannotBePaidBackOverRest) {
  provider.script = {legacy::Act::refuse};
  const auto id = body_of(post("/v1/payments", "k-1", good))["id"].get<std::string>();
  world.advance(1s);
  EXPECT_EQ(post("/v1/payments/" + id + "/refund", "k-2", "{}").status, 409);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.declined card_refused"));
}

TEST_F(PaymentService, ListsPagesOldestFirst) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    const auto body = R"({"order_id":"o-)" + std::to_string(i) + R"(","amount_cents":1,"currency":"EUR"})";
    ids.push_back(body_of(post("/v1/payments", "k-" + std::to_string(i), body))["id"]);
    world.advance(2ms);
  }
  std::vector<std::string> seen;
  std::string token;
  do {
    const auto page = world.json("GET", "/v1/payments?page_size=2&page_token=" + token).second;
    for (const auto& payment : page["payments"]) seen.push_back(payment["id"]);
    token = page["next_page_token"];
  } while (!token.empty());
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(world.json("GET", "/v1/payments?order_id=nobody").second["payments"].size(), 0U);
  EXPECT_EQ(world.json("GET", "/v1/payments?page_size=101").first, 422);
  EXPECT_EQ(world.json("GET", "/v1/payments?page_token=x").first, 400);
  EXPECT_EQ(world.json("GET", "/v1/payments/x").first, 404);
}

TEST_F(PaymentService, WithoutTheProviderItIsDegradedAndTakesPayments) {
  timed_http.away.insert(provider_port);
  placed("o-1");
  world.advance(60s);
  const auto [status, ready] = world.json("GET", "/health/ready");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(ready["status"], "degraded");
  EXPECT_EQ(ready["checks"]["legacy-payments"]["status"], "down");
  EXPECT_EQ(status_of("o-1"), "pending");
  EXPECT_THAT(world.brokers.stored("PAYMENT-SERVICE-PARKED"), IsEmpty());
  EXPECT_TRUE(has_metric("payment_waiting 1"));
  timed_http.away.clear();
  world.advance(31s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250"));
  EXPECT_EQ(provider.searches, 1) << "for its clock; nothing was in doubt";
}

TEST_F(PaymentService, DrainsOnShutdown) {
  world.stop();
  ASSERT_TRUE(world.outcome.has_value());
  EXPECT_TRUE(*world.outcome);
}

class WithStates : public PaymentFixture {
 protected:
  WithStates() : PaymentFixture(own()) {}
  static chassis::Config own() {
    auto own = config();
    own.states_secret = "0123456789abcdef0123456789abcdef";
    return own;
  }
  int set_up(const std::string& state, const base::Json& params) {
    const base::Json request{{"state", state}, {"params", params}, {"action", "setup"}};
    const std::string door = "/_test/provider-states?secret=" + world.config.states_secret;
    return world.json("POST", door, base::dump_json(request)).first;
  }
};

TEST_F(WithStates, CanBeBroughtIntoThem) {
  const base::Json first{{"order_id", "o-1"}, {"amount_cents", 7}};
  EXPECT_EQ(set_up("a payment exists", {{"order_id", "o-1"}, {"status", "pending"}}), 200);
  world.advance(60s);
  EXPECT_EQ(status_of("o-1"), "pending") << "the provider is not asked";
  EXPECT_EQ(set_up("a payment is authorized", first), 200);
  EXPECT_EQ(set_up("a payment is declined", first), 200);
  EXPECT_EQ(status_of("o-1"), "declined");
  EXPECT_EQ(set_up("a payment is refunded", first), 200);
  EXPECT_EQ(set_up("no such payment", first), 200);
  EXPECT_EQ(payment_of("o-1"), 0);
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 7", "payment.declined card_refused", "payment.refunded 7"));
  EXPECT_EQ(set_up("a payment exists", {{"order_id", "o-1"}, {"status", "paid"}}), 422);
  EXPECT_EQ(provider.demands, 0);
}

TEST_F(WithStates, LeaveAloneWhatAnOrderMade) {
  placed("o-1");
  world.advance(1s);
  ASSERT_EQ(status_of("o-1"), "authorized");
  for (const char* state : {"a payment exists", "a payment is authorized", "no such payment"}) {
    EXPECT_EQ(set_up(state, {{"order_id", "o-1"}}), 409) << state;
  }
  EXPECT_EQ(status_of("o-1"), "authorized");
  EXPECT_EQ(set_up("a payment exists", {{"order_id", "o-2"}}), 200);
}

TEST(PaymentServiceStart, ABadSettingEndsIt) {
  auto own = config();
  own.settings = chassis::Settings(std::map<std::string, std::string>{{"PAYMENT_PARALLEL", "0"}});
  chassis::testing::FakeEnvironment world(own);
  world.start(run);
  ASSERT_TRUE(world.outcome && !*world.outcome);
  EXPECT_NE(world.outcome->error().message.find("PAYMENT_PARALLEL"), std::string::npos);
}

}  // namespace
}  // namespace payment_service
