// What payment-service does when it does not know whether the provider has charged: it waits until the attempt can have
// no effect any more, asks what was booked, and only then goes on.
#include "services/payment/tests/payment_fixture.hpp"

namespace payment_service {
namespace {

using namespace std::chrono_literals;
using legacy::Act;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class InDoubt : public PaymentFixture {};

TEST_F(InDoubt, WhatWasBookedIsFoundAndNotChargedAgain) {
  for (const auto act : {Act::booked_fault, Act::booked_broken, Act::booked_silent}) {
    const std::string order = "o-" + std::to_string(static_cast<int>(act));
    provider.script = {act};
    placed(order);
    world.advance(1500ms);
    EXPECT_THAT(told(order), IsEmpty()) << "the attempt can still have its effect";
    world.advance(10s);
    EXPECT_THAT(told(order), ElementsAre("payment.authorized 1250"));
    EXPECT_EQ(charges(order), 1);
  }
  EXPECT_EQ(provider.demands, 3);
  EXPECT_TRUE(has_metric("payment_reconciliations_total{outcome=\"found\"} 3"));
}

TEST_F(InDoubt, WhatWasNotBookedIsChargedAgain) {
  for (const auto act : {Act::fault, Act::slow}) {
    const std::string order = "o-" + std::to_string(static_cast<int>(act));
    provider.script = {act};
    placed(order);
    world.advance(30s);
    EXPECT_THAT(told(order), ElementsAre("payment.authorized 1250"));
    EXPECT_EQ(charges(order), 1) << "the slow one came too late";
  }
  EXPECT_EQ(provider.demands, 4);
}

TEST_F(InDoubt, NothingIsAskedBeforeTheTimeOfTheAttemptIsOver) {
  provider.script = {Act::fault};
  placed("o-1");
  world.advance(1900ms);
  EXPECT_EQ(provider.searches, 1) << "for its clock";
  EXPECT_EQ(provider.demands, 1);
  world.advance(2s);
  EXPECT_EQ(provider.searches, 2);
  EXPECT_EQ(provider.demands, 2);
}

// Only the provider's clock says when it does nothing any more.
TEST_F(InDoubt, AProviderWhoseClockIsSetBackIsWaitedFor) {
  provider.script = {Act::fault};
  placed("o-1");
  world.advance(1s);
  provider.behind = 10s;
  world.advance(8s);
  EXPECT_GE(provider.searches, 1);
  EXPECT_EQ(provider.demands, 1);
  world.advance(10s);
  EXPECT_EQ(provider.demands, 2);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250"));
}

TEST_F(InDoubt, AProviderWhoseClockIsAnotherOneIsAskedAsAnyOther) {
  for (const auto& [order, behind] : std::map<std::string, std::chrono::hours>{{"o-1", 8760h}, {"o-2", -1h}}) {
    provider.behind = behind;
    provider.script = {Act::fault, Act::fault};  // the first may come of the clock that it had for the order before
    placed(order);
    world.advance(20s);
    EXPECT_THAT(told(order), ElementsAre("payment.authorized 1250")) << order;
    EXPECT_EQ(charges(order), 1);
  }
}

TEST_F(InDoubt, AProviderThatCannotBeSearchedIsAskedAsLongAsNothingIsInDoubt) {
  provider.can_be_searched = false;
  placed("o-1");
  world.advance(1s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250"));
  provider.script = {Act::booked_fault};
  placed("o-2");
  world.advance(1min);
  EXPECT_THAT(told("o-2"), IsEmpty());
  provider.can_be_searched = true;
  world.advance(31s);
  EXPECT_THAT(told("o-2"), ElementsAre("payment.authorized 1250"));
  EXPECT_EQ(charges("o-2"), 1);
}

TEST_F(InDoubt, AClockThatIsSetBackDelaysNoPayment) {
  timed_http.away.insert(provider_port);
  world.clock.wall_off = 8760h;
  placed("o-1");
  world.advance(10s);
  world.clock.wall_off = 0h;
  timed_http.away.clear();
  world.advance(70s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250"));
}

TEST_F(InDoubt, ARefundIsNotMadeTwiceEither) {
  for (const auto act : {Act::booked_fault, Act::booked_broken, Act::booked_silent, Act::fault, Act::slow}) {
    const std::string order = "o-" + std::to_string(static_cast<int>(act));
    placed(order);
    world.advance(1s);
    provider.script = {act};
    refund_requested(order);
    world.advance(40s);
    EXPECT_THAT(told(order), ElementsAre("payment.authorized 1250", "payment.refunded 1250"));
    EXPECT_EQ(charges(order), 1);
    EXPECT_EQ(refunds(order), 1);
  }
}

TEST_F(InDoubt, ARequestToRefundMeanwhileIsAnsweredWhenItIsCertain) {
  provider.script = {Act::booked_broken};
  placed("o-1");
  world.advance(500ms);
  refund_requested("o-1");
  world.advance(100ms);
  EXPECT_EQ(status_of("o-1"), "refund_pending");
  world.advance(20s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.refunded 1250"));
  EXPECT_EQ(charges("o-1"), 1);
  EXPECT_EQ(refunds("o-1"), 1);

  provider.script = {Act::fault};
  placed("o-2");
  world.advance(500ms);
  refund_requested("o-2");
  world.advance(20s);
  EXPECT_THAT(told("o-2"), ElementsAre("payment.refunded 0"));
  EXPECT_EQ(charges("o-2"), 0);
  EXPECT_EQ(status_of("o-2"), "voided");
}

TEST_F(InDoubt, ARequestWhileTheProviderIsBeingAskedIsAnsweredByWhatComesOfIt) {
  provider.script = {Act::booked_silent};
  placed("o-1");
  world.advance(100ms);
  refund_requested("o-1");
  world.advance(20s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.refunded 1250"));
  EXPECT_EQ(refunds("o-1"), 1);
}

TEST_F(InDoubt, WhatWasNeverAskedIsVoidAtOnce) {
  timed_http.away.insert(provider_port);
  placed("o-1");
  world.advance(10s);
  refund_requested("o-1");
  world.advance(100ms);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.refunded 0"));
  timed_http.away.clear();
  world.advance(60s);
  EXPECT_EQ(provider.demands, 0);
}

// A refund that is declined is asked for until it is made; somebody is told.
TEST_F(InDoubt, ARefundThatIsDeclinedIsAskedForAgain) {
  placed("o-1");
  world.advance(1s);
  provider.script = {Act::refuse, Act::refuse};
  refund_requested("o-1");
  world.advance(5s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250", "payment.refunded 1250"));
  EXPECT_EQ(refunds("o-1"), 1);
  EXPECT_TRUE(has_metric("payment_steps_total{outcome=\"refused\",status=\"refund_pending\"} 2"));
}

TEST_F(InDoubt, AProviderThatNeverAnswersWellIsAskedForEverAtGrowingPauses) {
  for (int i = 0; i < 1'000; ++i) provider.script.push_back(Act::fault);
  placed("o-1");
  world.advance(10min);
  EXPECT_THAT(told("o-1"), IsEmpty());
  EXPECT_GE(provider.demands, 15);
  EXPECT_LE(provider.demands, 60) << "30 s apart at last";
  provider.script.clear();
  world.advance(35s);
  EXPECT_THAT(told("o-1"), ElementsAre("payment.authorized 1250"));
  EXPECT_EQ(charges("o-1"), 1);
}

}  // namespace
}  // namespace payment_service
