// The saga of an order in the whole service: how it goes, and how it is undone.
#include "services/order/tests/shop.hpp"

namespace order_service {
namespace {

using namespace std::chrono_literals;
using base::Json;
using Types = std::vector<std::string>;

class OrderSaga : public testing::Test {
 protected:
  base::http::Response cancel(const std::string& id, const std::string& key = "c-1") {
    return shop.post("/v2/orders/" + id + "/cancel", "{}", key);
  }
  Json saga(const Json& request) {
    base::http::Headers headers;
    headers.add("Content-Type", "application/json");
    headers.add("Authorization", "Bearer 0123456789abcdef");
    return base::parse_json(shop.world().request("POST", "/_ops/saga", base::dump_json(request), headers).body).value();
  }
  Json saga_of(const std::string& id) { return saga({{"do", "show"}, {"id", id}}); }
  // Everybody hears what there is, and the answers are kept back.
  std::vector<Said> hear() {
    shop.advance(200ms);
    std::vector<Said> answers;
    for (const auto& event : shop.unheard()) {
      for (auto& said : shop.participants.hear(event)) answers.push_back(std::move(said));
    }
    return answers;
  }
  void say(const std::vector<Said>& answers) {
    for (const auto& one : answers) shop.say(one);
    shop.advance(200ms);
  }

  Shop shop;
};

TEST_F(OrderSaga, AnOrderIsPaidAndConfirmed) {
  const auto id = shop.place();
  shop.run();
  const auto order = shop.order(id);
  EXPECT_EQ(order["status"], "confirmed");
  EXPECT_EQ(order["reason"], "");
  EXPECT_EQ(order["language"], "en");
  EXPECT_GT(order["updated_at"], order["created_at"]);
  EXPECT_EQ(shop.told_of(id), (Types{"order.placed", "order.paid", "order.confirmed"}));
  EXPECT_EQ(shop.participants.charged[id], 1000);
  EXPECT_TRUE(shop.participants.reserved.contains(id));
  EXPECT_EQ(saga_of(id)["state"], "completed");
}

TEST_F(OrderSaga, OperatorsAreToldOfIt) {
  const auto done = shop.place("k-1");
  shop.run();
  shop.participants.payment = Mood::silent;
  const auto waiting = shop.place("k-2");
  auto told = saga({{"do", "list"}, {"state", "completed"}});
  ASSERT_EQ(told["sagas"].size(), 1U);
  EXPECT_EQ(told["sagas"][0]["id"], done);
  EXPECT_EQ(told["sagas"][0]["kind"], "order");
  told = saga({{"do", "list"}});
  ASSERT_EQ(told["sagas"].size(), 2U);
  EXPECT_EQ(told["sagas"][0]["id"], waiting) << "the newest first";
  EXPECT_EQ(told["sagas"][0]["step"], "payment");
  EXPECT_EQ(saga({{"do", "show"}, {"id", "none"}})["type"], "urn:msctl:problem:not-found");
}

TEST_F(OrderSaga, ADeclinedPaymentEndsIt) {
  shop.participants.payment = Mood::refuses;
  const auto id = shop.place();
  shop.run();
  EXPECT_EQ(shop.status(id), "cancelled");
  EXPECT_EQ(shop.order(id)["reason"], "payment_declined");
  EXPECT_EQ(shop.told_of(id), (Types{"order.placed", "order.cancelled"}));
  EXPECT_EQ(saga_of(id)["steps"][0]["detail"], "insufficient_funds");
}

// Anybody may make a payment for an order by the interface of payments, before payment-service hears of the order.
TEST_F(OrderSaga, APaymentOfAnotherAmountOrCurrencyIsPaidBackAndEndsIt) {
  for (const auto& [key, value] : {std::pair<const char*, base::Json>{"amount_cents", 1}, {"currency", "USD"}}) {
    const auto id = shop.place(std::string("k-") + key);
    auto paid = hear();
    ASSERT_EQ(paid.size(), 1U);
    paid[0].data[key] = value;
    say(paid);
    EXPECT_EQ(shop.status(id), "cancelling") << key;
    EXPECT_EQ(shop.order(id)["reason"], "payment_mismatch") << key;
    shop.run();
    EXPECT_EQ(shop.status(id), "cancelled") << key;
    EXPECT_EQ(shop.told_of(id), (Types{"order.placed", "order.refund_requested", "order.cancelled"})) << key;
    EXPECT_EQ(shop.participants.refunded[id], 1000) << key;
  }
}

TEST_F(OrderSaga, APaymentThatWasPaidBackBeforeEndsIt) {
  const auto id = shop.place();
  const auto paid = hear();
  ASSERT_EQ(paid.size(), 1U);
  auto refunded = paid;
  refunded[0].type = "payment.refunded";
  say(paid);
  EXPECT_EQ(shop.status(id), "paid");
  shop.say(refunded[0]);
  shop.run();
  EXPECT_EQ(shop.status(id), "cancelled");
  EXPECT_EQ(shop.order(id)["reason"], "payment_mismatch");
  EXPECT_TRUE(shop.participants.reserved.empty());
}

TEST_F(OrderSaga, WhatIsSoldOutIsPaidBack) {
  shop.participants.stock = Mood::refuses;
  const auto id = shop.place();
  shop.run();
  EXPECT_EQ(shop.order(id)["reason"], "sold_out");
  EXPECT_EQ(shop.told_of(id), (Types{"order.placed", "order.paid", "order.refund_requested", "order.cancelled"}));
  EXPECT_EQ(shop.participants.refunded[id], 1000);
}

TEST_F(OrderSaga, APaymentThatTakesTooLongIsTakenBackAndComesTooLateThen) {
  const auto id = shop.place();
  const auto late = hear();
  shop.advance(4s);
  EXPECT_EQ(shop.status(id), "cancelling");
  EXPECT_EQ(shop.order(id)["reason"], "payment_timeout");
  say(late);
  EXPECT_EQ(shop.status(id), "cancelling") << "nobody waits for it any more";
  shop.run();
  EXPECT_EQ(shop.status(id), "cancelled");
  EXPECT_EQ(shop.told_of(id), (Types{"order.placed", "order.refund_requested", "order.cancelled"}));
  EXPECT_EQ(shop.participants.refunded[id], 1000);
}

TEST_F(OrderSaga, StockThatTakesTooLongIsReleasedAndThenPaidBack) {
  shop.participants.stock = Mood::silent;
  const auto id = shop.place();
  shop.run();
  EXPECT_EQ(shop.status(id), "paid");
  shop.advance(4s);
  shop.run();
  EXPECT_EQ(shop.order(id)["status"], "cancelled");
  EXPECT_EQ(shop.order(id)["reason"], "stock_timeout");
  EXPECT_EQ(shop.told_of(id), (Types{"order.placed", "order.paid", "order.release_requested", "order.refund_requested",
                                     "order.cancelled"}));
  EXPECT_EQ(shop.participants.undone, (Types{"stock " + id, "payment " + id}));
}

TEST_F(OrderSaga, AnAnswerThatComesTwiceIsHeardOnce) {
  const auto id = shop.place();
  auto paid = hear();
  say(paid);
  say(paid);
  const auto reserved = hear();
  say(reserved);
  say(reserved);
  say(paid);
  EXPECT_EQ(shop.status(id), "confirmed");
  EXPECT_EQ(shop.told_of(id), (Types{"order.placed", "order.paid", "order.confirmed"}));
}

TEST_F(OrderSaga, ARequestToUndoIsRepeatedAsANewEventUntilItIsAnswered) {
  shop.participants.is_compensating_silent = true;
  const auto id = shop.place();
  EXPECT_EQ(cancel(id).status, 200);
  for (int i = 0; i < 12; ++i) {
    shop.advance(5s);
    static_cast<void>(hear());
  }
  const auto told = shop.told_of(id);
  EXPECT_GE(std::count(told.begin(), told.end(), "order.refund_requested"), 3);
  EXPECT_GE(saga_of(id)["retries"], 2);
  shop.participants.is_compensating_silent = false;
  shop.advance(90s);
  shop.run();
  EXPECT_EQ(shop.status(id), "cancelled");
  EXPECT_EQ(shop.participants.ends[id], std::set<std::string>{"order.cancelled"});
}

TEST_F(OrderSaga, AnOrderIsCancelledInEachStateButConfirmed) {
  const auto before_payment = shop.place("k-1");
  ASSERT_EQ(cancel(before_payment, "c-1").status, 200);
  EXPECT_EQ(shop.order(before_payment)["reason"], "cancelled_by_user");
  EXPECT_EQ(base::parse_json(cancel(before_payment, "c-2").body).value()["status"], "cancelling") << "as it stands";
  shop.run();
  EXPECT_EQ(shop.status(before_payment), "cancelled");
  EXPECT_EQ(base::parse_json(cancel(before_payment, "c-3").body).value()["status"], "cancelled");
  EXPECT_EQ(shop.told_of(before_payment), (Types{"order.placed", "order.refund_requested", "order.cancelled"}));

  shop.participants.stock = Mood::silent;
  const auto when_paid = shop.place("k-2");
  shop.run();
  ASSERT_EQ(shop.status(when_paid), "paid");
  EXPECT_EQ(cancel(when_paid, "c-4").status, 200);
  shop.run();
  EXPECT_EQ(shop.status(when_paid), "cancelled");
  EXPECT_EQ(shop.participants.refunded[when_paid], 1000);

  shop.participants.stock = Mood::agrees;
  const auto confirmed = shop.place("k-3");
  shop.run();
  const auto refused = cancel(confirmed, "c-5");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(base::parse_json(refused.body).value()["type"], "urn:msctl:problem:conflict");
  EXPECT_EQ(shop.status(confirmed), "confirmed");
  EXPECT_EQ(cancel("01234567-89ab-7def-8123-000000000000", "c-6").status, 404);
}

TEST_F(OrderSaga, ACancellationWithAKeyIsDoneOnce) {
  const auto id = shop.place();
  const auto first = cancel(id);
  shop.run();
  const auto again = cancel(id);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.get("Idempotent-Replayed"), "true");
  const auto told = shop.told_of(id);
  EXPECT_EQ(std::count(told.begin(), told.end(), "order.refund_requested"), 1);
}

TEST_F(OrderSaga, AnswersForNoOrderOfOursAreDoneWith) {
  shop.say({"payment-service",
            "payment.authorized",
            "nobody",
            {{"payment_id", "p"}, {"order_id", "nobody"}, {"amount_cents", 1}, {"currency", "EUR"}}});
  shop.run();
  EXPECT_NE(
      shop.world().metrics.serialize().find(R"(consumer_events_total{event="payment.authorized",outcome="done"} 1)"),
      std::string::npos);
}

TEST_F(OrderSaga, AHundredAtOnceAreAllConfirmed) {
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(shop.place("k-" + std::to_string(i)));
  shop.run();
  for (const auto& id : ids) {
    EXPECT_EQ(shop.status(id), "confirmed");
    EXPECT_EQ(shop.told_of(id).size(), 3U);
  }
  EXPECT_EQ(shop.participants.charged.size(), 100U);
  EXPECT_EQ(saga({{"do", "list"}, {"state", "completed"}, {"limit", 1000}})["sagas"].size(), 100U);
}

}  // namespace
}  // namespace order_service
