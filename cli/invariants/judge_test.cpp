#include "cli/invariants/judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "cli/invariants/sample_facts.hpp"

namespace invariants {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Names = std::set<std::string>;

Names with(const std::vector<Finding>& findings, Status status) {
  Names names;
  for (const auto& one : findings) {
    if (one.status == status) names.insert(std::string(one.invariant));
  }
  return names;
}

const Finding& named(const std::vector<Finding>& findings, std::string_view invariant) {
  for (const auto& one : findings) {
    if (one.invariant == invariant) return one;
  }
  throw std::logic_error("no such invariant");
}

std::string words_of(const Finding& finding) {
  std::string text;
  for (const auto& one : finding.breaches) {
    text += one.subject + ": expected " + one.expected + ", got " + one.got + "\n";
  }
  return text;
}

void drop_event(Facts& facts, const std::string& id) {
  std::erase_if(facts.events.rows, [&](const Event& one) { return one.id == id; });
}

struct Violation {
  const char* what;
  std::function<void(Facts&)> make;
  Names broken;
  const char* words;  // of the first of them by name
};

const std::vector<Violation>& violations() {
  static const std::vector<Violation> all{
      {"an order is gone, its event is there",
       [](Facts& f) {
         f.events.rows.push_back({"e", "order.placed", "o9", "2026-11-27T10:00:03.000Z"});
       },
       {"acknowledged"},
       "o9: expected an order, got its event alone\n"},
      {"an order does not end",
       [](Facts& f) {
         f.orders.rows.push_back({"o4", "paid", "EUR", 0, {}, "2026-11-27T10:00:09.000Z"});
         f.payments.rows.push_back({"p4", "o4", "authorized", "EUR", 0});
         f.events.rows.push_back({"e4", "order.placed", "o4", "2026-11-27T10:00:09.000Z"});
         f.sagas.rows.push_back({"o4", "running", "stock", 1});
       },
       {"one-end"},
       "o4: expected confirmed or cancelled, got paid\n"},
      {"an order is told of as confirmed and as cancelled",
       [](Facts& f) {
         f.events.rows.push_back({"e", "order.cancelled", "o1", "2026-11-27T10:00:09.000Z"});
       },
       {"one-end"},
       "o1: expected one end, got confirmed, and the event order.cancelled\n"},
      {"two payments",
       [](Facts& f) {
         f.payments.rows.push_back({"p9", "o1", "authorized", "EUR", 1250});
       },
       {"one-payment"},
       "o1: expected 1 payment, got 2 payments\n"},
      {"no payment",
       [](Facts& f) { f.payments.rows.pop_back(); },
       {"one-payment"},
       "o3: expected 1 payment, got 0 payments\n"},
      {"a payment of another amount",
       [](Facts& f) { f.payments.rows[0].amount = 1251; },
       {"one-payment"},
       "o1: expected a payment of 1250 EUR, got 1251 EUR\n"},
      {"a total that is not what the items cost",
       [](Facts& f) { f.orders.rows[1].items_cost = 899; },
       {"one-payment"},
       "o2: expected a total of 899 EUR, as its items cost, got 900 EUR\n"},
      {"a payment in a state that does not fit",
       [](Facts& f) { f.payments.rows[1].status = "authorized"; },
       {"one-payment"},
       "o2: expected a payment that is declined, refunded or voided, got authorized of an order that is cancelled\n"},
      {"an order is gone, its event and its payment are there",
       [](Facts& f) {
         f.events.rows.push_back({"e", "order.placed", "o9", "2026-11-27T10:00:03.000Z"});
         f.payments.rows.push_back({"p9", "o9", "authorized", "EUR", 1});
       },
       {"acknowledged", "one-payment"},
       "o9: expected an order, got its event alone\n"},
      {"charged twice",
       [](Facts& f) {
         f.bookings.rows.push_back({"p1", false, "EUR", 1250});
       },
       {"money", "one-charge"},
       "EUR: expected 1250 EUR for confirmed orders, got 2500 EUR at the provider\n"},
      {"charged another amount, and that of another order the other way",
       [](Facts& f) {
         f.bookings.rows[0].amount = 1249;
         f.bookings.rows[1].amount = 901;
       },
       {"cancelled-not-charged", "confirmed-charged"},
       "o2: expected nothing charged, got 1 EUR\n"},
      {"charged in another currency, and one that cancels it out is nobody's",
       [](Facts& f) {
         f.bookings.rows[0].currency = "USD";
         f.bookings.rows.push_back({"p9", false, "EUR", 1250});
         f.bookings.rows.push_back({"p9", true, "USD", 1250});
       },
       {"confirmed-charged"},
       "o1: expected 1250 EUR charged, got 1250 USD\n"},
      {"a confirmed order is refunded",
       [](Facts& f) {
         f.bookings.rows.push_back({"p1", true, "EUR", 1250});
       },
       {"confirmed-charged", "money"},
       "o1: expected 1250 EUR charged, got nothing\n"},
      {"a cancelled order is not refunded",
       [](Facts& f) { f.bookings.rows.pop_back(); },
       {"cancelled-not-charged", "money"},
       "o2: expected nothing charged, got 900 EUR\n"},
      {"a booking that is nobody's",
       [](Facts& f) {
         f.bookings.rows.push_back({"p9", false, "JPY", 5});
       },
       {"money"},
       "JPY: expected 0 JPY for confirmed orders, got 5 JPY at the provider\n"},
      {"a confirmed order holds nothing",
       [](Facts& f) { f.reservations.rows[0].status = "released"; },
       {"confirmed-reserved"},
       "o1: expected reserved: 1 TEA-1, got released: 1 TEA-1\n"},
      {"a confirmed order holds something else",
       [](Facts& f) {
         f.reservations.rows[0].items = {{"TEA-1", 2}};
       },
       {"confirmed-reserved"},
       "o1: expected reserved: 1 TEA-1, got reserved: 2 TEA-1\n"},
      {"a confirmed order was never reserved",
       [](Facts& f) { f.reservations.rows.erase(f.reservations.rows.begin()); },
       {"confirmed-reserved"},
       "o1: expected reserved: 1 TEA-1, got no reservation\n"},
      {"a cancelled order is held",
       [](Facts& f) {
         f.reservations.rows[1] = {"o2", "reserved", {{"SOLD-OUT", 1}}};
       },
       {"cancelled-not-reserved"},
       "o2: expected nothing reserved, got 1 SOLD-OUT\n"},
      {"two mails",
       [](Facts& f) {
         f.mails.rows.push_back({"m9", "o3", "order.cancelled"});
       },
       {"one-mail"},
       "o3: expected 1 mail, got 2 mails\n"},
      {"no mail", [](Facts& f) { f.mails.rows.pop_back(); }, {"one-mail"}, "o3: expected 1 mail, got 0 mails\n"},
      {"a mail of another end",
       [](Facts& f) { f.mails.rows[0].event = "order.cancelled"; },
       {"one-mail"},
       "o1: expected a mail of order.confirmed, got one of order.cancelled\n"},
      {"a mail to another user",
       [](Facts& f) { f.mails.rows[0].user_id = "u2"; },
       {"one-mail"},
       "o1: expected a mail to its user u1, got one to u2\n"},
      {"a mail without a text",
       [](Facts& f) { f.mails.rows[1].has_body = false; },
       {"one-mail"},
       "o2: expected a mail with a text, got an empty one\n"},
      {"a mail of no order",
       [](Facts& f) {
         f.mails.rows.push_back({"m9", "o9", "order.confirmed", "u1"});
       },
       {"one-mail"},
       "o9: expected an order, got its mail alone\n"},
      {"placed twice, as two events",
       [](Facts& f) {
         f.events.rows.push_back({"e", "order.placed", "o1", "2026-11-27T10:00:03.000Z"});
       },
       {"events-once"},
       "o1: expected 1 event order.placed, got 2\n"},
      {"never told of as placed",
       [](Facts& f) { drop_event(f, "o3-placed"); },
       {"events-once"},
       "o3: expected 1 event order.placed, got 0\n"},
      {"paid twice",
       [](Facts& f) {
         f.events.rows.push_back({"e", "order.paid", "o2", "2026-11-27T10:00:03.000Z"});
       },
       {"events-once"},
       "o2: expected at most 1 event order.paid, got 2\n"},
      {"its end is not told",
       [](Facts& f) { drop_event(f, "o1-confirmed"); },
       {"events-once"},
       "o1: expected 1 event order.confirmed, got 0\n"},
      {"stock is lost",
       [](Facts& f) { f.stocks.rows[2].available = 8; },
       {"stock"},
       "TEA-1: expected available + reserved = 10 received, got 8 + 1\n"},
      {"stock came from nowhere",
       [](Facts& f) {
         f.stocks.rows[2].available = 10;
         f.stocks.rows[2].received = 11;
       },
       {"stock"},
       "TEA-1: expected 9 available, 1 reserved, 10 received, as its events say, got 10 available, 1 reserved, 11 "
       "received\n"},
      {"stock that has no event at all",
       [](Facts& f) { f.stocks.rows[1] = {"SOLD-OUT", 1, 0, 1, 0, std::vector<StockEvent>()}; },
       {"stock"},
       "SOLD-OUT: expected 0 available, 0 reserved, 0 received, as its events say, got 1 available, 0 reserved, 1 "
       "received\n"},
      {"an event of the stock is gone",
       [](Facts& f) { f.stocks.rows[2].history->erase(f.stocks.rows[2].history->begin() + 1); },
       {"stock"},
       "TEA-1: expected events 1 to 4 of its stock, got no event 2\n"},
      {"an event of the stock has another quantity",
       [](Facts& f) { f.stocks.rows[2].history->at(1).quantity = 3; },
       {"stock"},
       "TEA-1: expected 7 available, 3 reserved, 10 received, as its events say, got 9 available, 1 reserved, 10 "
       "received\n"},
      {"less than nothing is available",
       [](Facts& f) {
         f.stocks.rows[1] = {"SOLD-OUT", -1, 1, 0};
       },
       {"stock", "stock-held"},
       "SOLD-OUT: expected available + reserved = 0 received, got -1 + 1\n"},
      {"more is reserved than orders hold",
       [](Facts& f) {
         f.stocks.rows[0] = {"CUP-7", 3, 2, 5};
       },
       {"stock-held"},
       "CUP-7: expected 0 reserved, as orders hold, got 2\n"},
      {"an order that nobody knows holds stock",
       [](Facts& f) {
         f.reservations.rows.push_back({"o9", "reserved", {{"CUP-7", 2}}});
         f.stocks.rows[0] = {"CUP-7", 3, 2, 5};
       },
       {"stock-held"},
       "o9: expected an order, got its reservation alone\nCUP-7: expected 0 reserved, as orders hold, got 2\n"},
      {"an event waits too long",
       [](Facts& f) {
         f.outboxes.rows[0] = {"order-service", 3, 31, 0};
       },
       {"outbox-age"},
       "order-service: expected no event that waits longer than 30 s, got 3, the oldest for 31 s\n"},
      {"a saga is not where its order is",
       [](Facts& f) { f.sagas.rows[0].state = "compensated"; },
       {"sagas"},
       "o1: expected completed, as the order is confirmed, got compensated\n"},
      {"a saga is stuck",
       [](Facts& f) {
         f.orders.rows[2].status = "cancelling";
         f.sagas.rows[2] = {"o3", "compensating", "payment", 601};
         f.mails.rows.pop_back();
         drop_event(f, "o3-cancelled");
       },
       {"one-end", "sagas"},
       "o3: expected confirmed or cancelled, got cancelling\n"},
      {"an order without a saga",
       [](Facts& f) { f.sagas.rows.erase(f.sagas.rows.begin()); },
       {"sagas"},
       "o1: expected a saga, got none\n"},
      {"a saga of no order",
       [](Facts& f) {
         f.sagas.rows.push_back({"o9", "running", "payment", 1});
       },
       {"sagas"},
       "o9: expected an order, got its saga alone\n"},
      {"an event is parked",
       [](Facts& f) {
         f.parked.rows = {{"parked", "payment-service", "order.placed", "o1", "no such field"}};
       },
       {"nothing-parked"},
       "o1: expected no parked event, got order.placed parked by payment-service: no such field\n"},
      {"an event is of a version that nobody knows",
       [](Facts& f) {
         f.parked.rows = {{"quarantined", "payment-service", "order.placed", "", "version 2"}};
       },
       {"nothing-parked"},
       "payment-service: expected no quarantined event, got order.placed quarantined by payment-service: version 2\n"},
      {"an event is refused by the broker",
       [](Facts& f) { f.outboxes.rows[0].parked = 2; },
       {"nothing-parked"},
       "order-service: expected no parked event, got 2 in the outbox, refused by the broker\n"},
  };
  return all;
}

TEST(Judge, AllHoldsInASoundSystem) {
  const auto findings = judge(testing::sample_facts(), {}, {});
  EXPECT_EQ(findings.size(), all_invariants().size());
  EXPECT_THAT(with(findings, Status::broken), IsEmpty());
  EXPECT_THAT(with(findings, Status::skipped), IsEmpty());
  EXPECT_EQ(named(findings, "one-payment").checked, 3U);
  EXPECT_EQ(named(findings, "confirmed-charged").checked, 1U);
  EXPECT_EQ(named(findings, "cancelled-not-reserved").checked, 2U);
}

TEST(Judge, WhatProviderStatesLeaveBreaksNothing) {
  auto facts = testing::sample_facts();
  facts.events.rows.push_back({"e", "order.placed", "o9", "2026-11-27T10:00:03.000Z", true});
  facts.mails.rows.push_back({"m9", "o9", "order.confirmed", "u1"});
  facts.payments.rows.push_back({"p9", "o9", "authorized", "EUR", 1000});
  facts.bookings.rows.push_back({"p9", false, "EUR", 1000});
  facts.reservations.rows.push_back({"o9", "reserved", {{"TEA-1", 2}}});
  facts.stocks.rows[2] = {"TEA-1", 7, 3, 10};
  EXPECT_THAT(with(judge(facts, {}, {}), Status::broken), IsEmpty());
  facts.events.rows.back().is_staged = false;
  EXPECT_EQ(with(judge(facts, {}, {}), Status::broken),
            (Names{"acknowledged", "one-payment", "one-mail", "money", "stock-held"}));
}

// Who a leak is of can be said only where all provider states are known: as another service's event names them, too.
TEST(Judge, WhatIsOfNobodyIsALeakUnlessAProviderStateMadeIt) {
  auto facts = testing::sample_facts();
  facts.payments.rows.push_back({"p9", "o9", "authorized", "EUR", 1000});  // anybody may make one
  facts.reservations.rows.push_back({"o9", "reserved", {}});
  EXPECT_EQ(with(judge(facts, {}, {}), Status::broken), Names{"stock-held"});
  facts.staged = {"o9"};
  EXPECT_THAT(with(judge(facts, {}, {}), Status::broken), IsEmpty());
  facts.staged.clear();
  facts.knows_staged = false;
  EXPECT_THAT(with(judge(facts, {}, {}), Status::broken), IsEmpty());
  facts.knows_staged = true;
  facts.reservations.rows.back().status = "released";
  EXPECT_THAT(with(judge(facts, {}, {}), Status::broken), IsEmpty()) << "nothing is held";
}

TEST(Judge, APaymentOfAnotherAmountThatWasPaidBackMayHaveEndedItsOrder) {
  auto facts = testing::sample_facts();
  facts.payments.rows[1].amount = 1;
  facts.bookings.rows[1].amount = facts.bookings.rows[2].amount = 1;
  EXPECT_THAT(with(judge(facts, {}, {}), Status::broken), IsEmpty());
  facts.payments.rows[1].status = "authorized";
  facts.bookings.rows.pop_back();
  EXPECT_EQ(with(judge(facts, {}, {}), Status::broken), (Names{"one-payment", "cancelled-not-charged", "money"}));
}

TEST(Judge, ARefundThatOvertookItsOrderLeavesAMarkWithoutAnAmount) {
  auto facts = testing::sample_facts();
  facts.payments.rows[2] = {"p3", "o3", "voided", "", 0};
  EXPECT_THAT(with(judge(facts, {}, {}), Status::broken), IsEmpty());
  facts.payments.rows[0] = {"p1", "o1", "voided", "", 0};
  EXPECT_EQ(named(judge(facts, {}, {}), "one-payment").status, Status::broken) << "a confirmed order is paid";
}

TEST(Judge, EachViolationIsToldByThatInvariantAlone) {
  Names seen;
  for (const auto& violation : violations()) {
    auto facts = testing::sample_facts();
    violation.make(facts);
    const auto findings = judge(facts, {}, {});
    EXPECT_EQ(with(findings, Status::broken), violation.broken) << violation.what;
    EXPECT_EQ(words_of(named(findings, *violation.broken.begin())), violation.words) << violation.what;
    seen.insert(violation.broken.begin(), violation.broken.end());
  }
  for (const auto& one : all_invariants()) EXPECT_TRUE(seen.contains(std::string(one.name))) << one.name;
}

// What is under way belongs to no sum yet.
TEST(Judge, AnOrderUnderWayBreaksNoSum) {
  auto facts = testing::sample_facts();
  facts.orders.rows.push_back({"o4", "paid", "EUR", 99, {{"CUP-7", 2}}, "2026-11-27T10:00:09.000Z"});
  facts.payments.rows.push_back({"p4", "o4", "authorized", "EUR", 99});
  facts.bookings.rows.push_back({"p4", false, "EUR", 99});
  facts.reservations.rows.push_back({"o4", "reserved", {{"CUP-7", 2}}});
  facts.stocks.rows[0] = {"CUP-7", 3, 2, 5};
  facts.events.rows.push_back({"e4", "order.placed", "o4", "2026-11-27T10:00:09.000Z"});
  facts.sagas.rows.push_back({"o4", "running", "stock", 1});
  EXPECT_EQ(with(judge(facts, {}, {}), Status::broken), Names{"one-end"});
}

TEST(Judge, WhatIsNotThereIsSkipped) {
  auto facts = testing::sample_facts();
  facts.bookings = {{}, "This cluster has no legacy-payments."};
  EXPECT_EQ(with(judge(facts, {}, {}), Status::skipped),
            (Names{"cancelled-not-charged", "confirmed-charged", "money", "one-charge"}));
  facts.orders.why_not = "This cluster has no orders.";
  const auto findings = judge(facts, {}, {});
  EXPECT_EQ(with(findings, Status::skipped).size(), all_invariants().size() - 3) << "stock, outboxes, what is parked";
  EXPECT_EQ(named(findings, "one-end").why_skipped, "This cluster has no orders.");
}

TEST(Judge, OnlyTheOrdersThatAreNamed) {
  auto facts = testing::sample_facts();
  facts.mails.rows.clear();
  const Scope scope{{"o1", "o9"}, ""};
  const auto findings = judge(facts, scope, {});
  EXPECT_EQ(with(findings, Status::broken), (Names{"acknowledged", "one-mail"}));
  EXPECT_EQ(words_of(named(findings, "acknowledged")), "o9: expected an order, got none, though it was acknowledged\n");
  EXPECT_EQ(named(findings, "one-mail").checked, 1U);
  EXPECT_EQ(with(findings, Status::skipped), (Names{"money", "stock-held"})) << "sums are over all";
}

TEST(Judge, OnlyWhatWasPlacedSince) {
  auto facts = testing::sample_facts();
  facts.mails.rows.clear();
  const auto findings = judge(facts, {{}, "2026-11-27T10:00:01.000Z"}, {});
  EXPECT_EQ(named(findings, "one-mail").checked, 2U);
  EXPECT_EQ(with(findings, Status::broken), Names{"one-mail"});
}

// A broker that drops old events says nothing about old orders.
TEST(Judge, EventsThatTheBrokerDroppedAreNotMissed) {
  auto facts = testing::sample_facts();
  drop_event(facts, "o1-placed");
  facts.has_all_events = false;
  EXPECT_THAT(with(judge(facts, {}, {}), Status::broken), IsEmpty());
  facts.events.rows.push_back({"e", "order.placed", "o2", "2026-11-27T10:00:03.000Z"});
  EXPECT_EQ(with(judge(facts, {}, {}), Status::broken), Names{"events-once"});
}

TEST(Judge, TellsWhatIsNotSettled) {
  auto facts = testing::sample_facts();
  EXPECT_THAT(unsettled(facts, {}), IsEmpty());
  facts.orders.rows[2].status = "cancelling";
  facts.payments.rows[2].status = "refund_pending";
  facts.mails.rows.erase(facts.mails.rows.begin());
  facts.sagas.rows[2].state = "compensating";
  facts.outboxes.rows[0].unsent = 2;
  EXPECT_THAT(unsettled(facts, {}), ElementsAre("1 order under way", "1 payment pending", "1 order not told of",
                                                "1 saga under way", "2 events unsent"));
  EXPECT_THAT(unsettled(facts, {{"o2", "o9"}, ""}), ElementsAre("1 order not there", "2 events unsent"));
}

}  // namespace
}  // namespace invariants
