#include "services/payment/domain/payment.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "services/payment/domain/backoff.hpp"

namespace payment_service::domain {
namespace {

using enum Status;

constexpr std::array<Status, statuses> all_states{pending,        authorized, declined, void_pending,
                                                  refund_pending, refunded,   voided};
constexpr std::array<Input, inputs> all_inputs{
    Input::charged,  Input::declined, Input::not_charged, Input::refund_asked, Input::refund_asked_in_doubt,
    Input::paid_back};

struct Case {
  Status from;
  Input input;
  Step expected;
};

// What the saga relies on, one line each.
TEST(Step, FollowsTheTable) {
  for (const auto& [from, input, expected] : {
           Case{pending, Input::charged, {authorized, Tell::authorized}},
           Case{pending, Input::declined, {declined, Tell::declined}},
           Case{pending, Input::not_charged, {pending, Tell::nothing}},
           Case{pending, Input::refund_asked, {voided, Tell::refunded}},
           Case{pending, Input::refund_asked_in_doubt, {void_pending, Tell::nothing}},
           Case{void_pending, Input::charged, {refund_pending, Tell::nothing}},
           Case{void_pending, Input::declined, {voided, Tell::refunded}},
           Case{void_pending, Input::not_charged, {voided, Tell::refunded}},
           Case{void_pending, Input::refund_asked_in_doubt, {void_pending, Tell::nothing}},
           Case{authorized, Input::refund_asked, {refund_pending, Tell::nothing}},
           Case{refund_pending, Input::refund_asked, {refund_pending, Tell::nothing}},
           Case{refund_pending, Input::paid_back, {refunded, Tell::refunded}},
           Case{refunded, Input::refund_asked, {refunded, Tell::refunded}},
           Case{voided, Input::refund_asked, {voided, Tell::refunded}},
           Case{declined, Input::refund_asked, {declined, Tell::refunded}},
       }) {
    EXPECT_EQ(step(from, input), expected) << name_of(from) << " " << static_cast<int>(input);
  }
}

TEST(Step, NothingLeavesAnEnd) {
  for (const auto end : {declined, refunded, voided}) {
    for (const auto input : all_inputs) EXPECT_EQ(step(end, input).next, end) << name_of(end);
  }
}

TEST(Step, OnlyRequestsAreAnsweredAgain) {
  for (const auto end : {authorized, declined, refunded, voided}) {
    for (const auto input : {Input::charged, Input::declined, Input::not_charged, Input::paid_back}) {
      EXPECT_EQ(step(end, input), (Step{end, Tell::nothing})) << name_of(end);
    }
  }
}

// From wherever a refund is asked, some way leads to exactly one answer, and none back to a charge.
TEST(Step, AfterARequestToRefundNothingIsCharged) {
  for (const auto from : all_states) {
    for (const auto asked : {Input::refund_asked, Input::refund_asked_in_doubt}) {
      const auto next = step(from, asked).next;
      EXPECT_NE(next, pending);
      EXPECT_NE(next, authorized);
      for (const auto input : all_inputs) {
        const auto later = step(next, input);
        EXPECT_NE(later.tell, Tell::authorized) << name_of(next);
        EXPECT_NE(later.next, pending) << name_of(next);
      }
    }
  }
}

TEST(Status, HasANameOfItsOwn) {
  for (const auto status : all_states) EXPECT_EQ(status_of(name_of(status)), status);
  EXPECT_FALSE(status_of("paid"));
  EXPECT_EQ(public_name_of(void_pending), "refund_pending") << "others need not know";
  EXPECT_EQ(public_name_of(voided), "voided");
}

std::string broken_fields(const NewPayment& payment) {
  std::string fields;
  for (const auto& error : check(payment)) fields += error.field + " ";
  return fields;
}

TEST(CheckPayment, NamesWhatIsBroken) {
  EXPECT_EQ(broken_fields({"o-1", 0, "EUR"}), "");
  EXPECT_EQ(broken_fields({"o-1", 1'000'000'000'000'000, "JPY"}), "");
  EXPECT_EQ(broken_fields({"", -1, "eur"}), "order_id amount_cents currency ");
  EXPECT_EQ(broken_fields({std::string(129, 'o'), 1'000'000'000'000'001, "EURO"}), "order_id amount_cents currency ");
}

class Highest final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::fill(bytes.begin(), bytes.end(), std::uint8_t{0xFF}); }
};

TEST(Backoff, DoublesUpToItsCap) {
  Highest random;
  const Backoff backoff{std::chrono::milliseconds(100), std::chrono::milliseconds(1'000)};
  std::int64_t before = 0;
  for (int tries = 0; tries < 100; ++tries) {
    const auto pause = pause_after(backoff, tries, random).count();
    EXPECT_GE(pause, std::min<std::int64_t>(before, 500));
    EXPECT_GE(pause, std::min<std::int64_t>(50LL << std::min(tries, 4), 500));
    EXPECT_LE(pause, 1'000);
    before = pause;
  }
}

}  // namespace
}  // namespace payment_service::domain
