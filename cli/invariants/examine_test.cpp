#include "cli/invariants/examine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/invariants/sample_facts.hpp"

namespace invariants {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

class FakeTime final : public base::Clock {
 public:
  base::Monotonic monotonic() const override { return now; }
  base::Wall wall() const override { return {}; }
  base::Monotonic now;
};

class Examine : public ::testing::Test {
 protected:
  // The n-th read gives what `make` makes of sound facts.
  base::Result<Outcome> examine_with(const std::function<base::Result<Facts>(int)>& make) {
    const World world{[&, make](bool with_events) {
                        whole += with_events ? 1 : 0;
                        return make(++reads);
                      },
                      [this](milliseconds pause) { time.now += pause; },
                      [this](const auto& waits) { waited.push_back(waits.front()); }, time};
    return examine(world, plan);
  }

  static Facts under_way() {
    auto facts = testing::sample_facts();
    facts.orders.rows[0].status = "paid";
    return facts;
  }

  static Facts charged_twice() {
    auto facts = testing::sample_facts();
    facts.bookings.rows.push_back({"p1", false, "EUR", 1250});
    return facts;
  }

  std::size_t broken(const Outcome& outcome) {
    return static_cast<std::size_t>(std::count_if(outcome.findings.begin(), outcome.findings.end(),
                                                  [](const auto& one) { return one.status == Status::broken; }));
  }

  Plan plan;
  FakeTime time;
  int reads = 0;
  int whole = 0;
  std::vector<std::string> waited;
};

TEST_F(Examine, WhatIsAtRestIsJudgedAtOnce) {
  const auto outcome = examine_with([](int) { return testing::sample_facts(); });
  ASSERT_TRUE(outcome);
  EXPECT_EQ(broken(outcome.value()), 0U);
  EXPECT_EQ(outcome.value().orders, 3U);
  EXPECT_EQ(reads, 2);
  EXPECT_EQ(time.now, base::Monotonic()) << "no wait";
}

TEST_F(Examine, WaitsUntilAllIsSettled) {
  const auto outcome = examine_with([](int n) { return n < 4 ? under_way() : testing::sample_facts(); });
  ASSERT_TRUE(outcome);
  EXPECT_EQ(broken(outcome.value()), 0U);
  EXPECT_THAT(waited, ElementsAre("1 order under way", "1 order under way", "1 order under way"));
  EXPECT_EQ(whole, 1) << "the broker is asked once";
}

TEST_F(Examine, JudgesAsItIsWhenTheWaitIsOver) {
  plan.wait = milliseconds(1'000);
  const auto outcome = examine_with([](int) { return under_way(); });
  ASSERT_TRUE(outcome);
  EXPECT_GT(broken(outcome.value()), 0U);
  EXPECT_THAT(outcome.value().unsettled, ElementsAre("1 order under way"));
  EXPECT_GE(time.now - base::Monotonic(), milliseconds(1'000));
}

TEST_F(Examine, ATornReadIsNoBreach) {
  const auto outcome = examine_with([](int n) { return n == 2 ? charged_twice() : testing::sample_facts(); });
  ASSERT_TRUE(outcome);
  EXPECT_EQ(broken(outcome.value()), 0U);
  EXPECT_EQ(whole, 2);
}

TEST_F(Examine, WhatStaysBrokenIsToldWithoutFurtherWaiting) {
  const auto outcome = examine_with([](int) { return charged_twice(); });
  ASSERT_TRUE(outcome);
  EXPECT_EQ(broken(outcome.value()), 2U);
  EXPECT_EQ(whole, 2);
  EXPECT_LT(time.now - base::Monotonic(), milliseconds(1'000));
}

TEST_F(Examine, AServiceThatIsAwayIsWaitedFor) {
  const auto away = base::fail(base::ErrorCode::unavailable, "payment-service is away");
  auto outcome = examine_with(
      [&](int n) { return n < 3 ? base::Result<Facts>(away) : base::Result<Facts>(testing::sample_facts()); });
  ASSERT_TRUE(outcome);
  EXPECT_THAT(waited, ElementsAre("payment-service is away", "payment-service is away"));
  plan.wait = milliseconds(500);
  outcome = examine_with([&](int) { return base::Result<Facts>(away); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "payment-service is away");
}

}  // namespace
}  // namespace invariants
