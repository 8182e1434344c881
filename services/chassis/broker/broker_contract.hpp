#pragma once
// What every implementation of the broker port must do: a GoogleTest suite to be instantiated over each of them.
// The type parameter is a default-constructible harness around a broker that is up and empty, with `Brokers&
// brokers()`, `std::string url()`, `void take_down()`, `void bring_back()` and `std::vector<Message> stored(stream)`.

#include <chrono>

#include <gtest/gtest.h>

#include "base/run_task.hpp"
#include "base/timer.hpp"
#include "services/chassis/broker/broker.hpp"

namespace chassis::broker {

template <class Harness>
class BrokerContract : public ::testing::Test {
 protected:
  using Results = std::vector<base::Result<void>>;

  BrokerContract() : broker_(connect()) {}

  std::unique_ptr<Broker> connect() { return harness_.brokers().connect(harness_.url()).value(); }
  static base::Monotonic in(std::chrono::milliseconds delay) { return std::chrono::steady_clock::now() + delay; }
  static base::Monotonic soon() { return in(std::chrono::milliseconds(10'000)); }

  // Connecting goes on in the background: this asks until the broker answers.
  static base::Task<bool> answers(Broker& broker) {
    base::Timer timer(co_await boost::asio::this_coro::executor);
    for (const auto until = soon(); std::chrono::steady_clock::now() < until;) {
      const auto pong = co_await broker.ping(in(std::chrono::milliseconds(1'000)));
      if (pong) co_return true;
      timer.expires_after(std::chrono::milliseconds(10));
      co_await timer.async_wait(base::use_task);
    }
    co_return false;
  }
  void get_ready() {
    ASSERT_TRUE(base::run_task(answers(*broker_)));
    const auto made = base::run_task(broker_->ensure_stream(soon(), {"ORDERS", {"orders.events.>"}}));
    ASSERT_TRUE(made) << made.error().message;
  }
  static Message message(const std::string& id, const std::string& body) {
    Message result{"orders.events.placed", id, {}, body};
    result.headers.add("ce-type", "order.placed");
    return result;
  }
  Results publish(std::vector<Message> messages, base::Monotonic deadline = soon()) {
    return base::run_task(broker_->publish(deadline, std::move(messages)));
  }

  Harness harness_;
  std::unique_ptr<Broker> broker_;
};

TYPED_TEST_SUITE_P(BrokerContract);

TYPED_TEST_P(BrokerContract, WhatIsAcknowledgedIsStored) {
  this->get_ready();
  const auto results = this->publish({this->message("1", "one"), this->message("2", std::string("t\0wo", 4))});
  ASSERT_EQ(results.size(), 2U);
  for (const auto& result : results) EXPECT_TRUE(result) << result.error().message;
  const auto stored = this->harness_.stored("ORDERS");
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].subject, "orders.events.placed");
  EXPECT_EQ(stored[0].body, "one");
  EXPECT_EQ(stored[0].headers.get("ce-type"), "order.placed");
  EXPECT_EQ(stored[1].body, std::string("t\0wo", 4));
}

TYPED_TEST_P(BrokerContract, AMessageSentTwiceIsStoredOnce) {
  this->get_ready();
  EXPECT_TRUE(this->publish({this->message("1", "one")}).at(0));
  EXPECT_TRUE(this->publish({this->message("1", "one")}).at(0));
  EXPECT_EQ(this->harness_.stored("ORDERS").size(), 1U);
}

TYPED_TEST_P(BrokerContract, EachMessageHasItsOwnAnswer) {
  this->get_ready();
  auto stray = this->message("2", "x");
  stray.subject = "nobody.takes.this";
  const auto results = this->publish({this->message("1", "one"), stray, this->message("3", "three")});
  ASSERT_EQ(results.size(), 3U);
  EXPECT_TRUE(results[0]);
  ASSERT_FALSE(results[1]);
  EXPECT_EQ(results[1].error().code, base::ErrorCode::unavailable);
  EXPECT_TRUE(results[2]);
}

TYPED_TEST_P(BrokerContract, NothingToPublishNeedsNoAnswer) { EXPECT_TRUE(this->publish({}).empty()); }

TYPED_TEST_P(BrokerContract, AStreamIsMadeOnceAndFollowsItsSubjects) {
  this->get_ready();
  EXPECT_TRUE(this->publish({this->message("1", "one")}).at(0));
  const auto ensure = [&](Stream stream) {
    return base::run_task(this->broker_->ensure_stream(this->soon(), std::move(stream)));
  };
  EXPECT_TRUE(ensure({"ORDERS", {"orders.events.>"}}));
  EXPECT_TRUE(ensure({"ORDERS", {"orders.events.>", "orders.more.*"}}));
  auto more = this->message("2", "two");
  more.subject = "orders.more.x";
  EXPECT_TRUE(this->publish({more}).at(0));
  EXPECT_EQ(this->harness_.stored("ORDERS").size(), 2U);
}

TYPED_TEST_P(BrokerContract, APassedDeadlineIsATimeout) {
  this->get_ready();
  const auto results = this->publish({this->message("1", "one")}, this->in(std::chrono::milliseconds(-1)));
  ASSERT_FALSE(results.at(0));
  EXPECT_EQ(results[0].error().code, base::ErrorCode::timeout);
}

TYPED_TEST_P(BrokerContract, ADeadBrokerIsUnavailableAndComesBackByItself) {
  this->get_ready();
  EXPECT_TRUE(this->publish({this->message("1", "one")}).at(0));
  this->harness_.take_down();
  const auto lost = this->publish({this->message("2", "two")}, this->in(std::chrono::milliseconds(2'000)));
  ASSERT_FALSE(lost.at(0));
  EXPECT_EQ(lost[0].error().code, base::ErrorCode::unavailable);
  EXPECT_EQ(base::run_task(this->broker_->ping(this->soon())).error().code, base::ErrorCode::unavailable);
  EXPECT_EQ(base::run_task(this->broker_->ensure_stream(this->soon(), {"A", {"a"}})).error().code,
            base::ErrorCode::unavailable);
  this->harness_.bring_back();
  ASSERT_TRUE(base::run_task(this->answers(*this->broker_)));
  const auto found = this->publish({this->message("2", "two")});
  EXPECT_TRUE(found.at(0)) << found[0].error().message;
  EXPECT_EQ(this->harness_.stored("ORDERS").size(), 2U) << "nothing acknowledged was lost";
}

TYPED_TEST_P(BrokerContract, ABrokerThatIsDownAtStartIsNoError) {
  this->harness_.take_down();
  const auto broker = this->connect();
  EXPECT_FALSE(base::run_task(broker->ping(this->soon())));
  this->harness_.bring_back();
  EXPECT_TRUE(base::run_task(this->answers(*broker)));
}

REGISTER_TYPED_TEST_SUITE_P(BrokerContract, WhatIsAcknowledgedIsStored, AMessageSentTwiceIsStoredOnce,
                            EachMessageHasItsOwnAnswer, NothingToPublishNeedsNoAnswer,
                            AStreamIsMadeOnceAndFollowsItsSubjects, APassedDeadlineIsATimeout,
                            ADeadBrokerIsUnavailableAndComesBackByItself, ABrokerThatIsDownAtStartIsNoError);

}  // namespace chassis::broker
