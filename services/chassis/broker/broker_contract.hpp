#pragma once
// What every implementation of the broker port must do: a GoogleTest suite to be instantiated over each of them.
// The type parameter is a default-constructible harness around a broker that is up and empty, with `Brokers&
// brokers()`, `std::string url()`, `void take_down()`, `void bring_back()`, `std::vector<Message> stored(stream)` and
// `void forget()`: while it is down, it loses all that it had.

#include <chrono>

#include <gtest/gtest.h>

#include "base/run_task.hpp"
#include "base/timer.hpp"
#include "services/chassis/broker/broker.hpp"

namespace chassis::broker {

template <class Harness>
class BrokerContract : public ::testing::Test {
 protected:
  using Results = std::vector<base::Result<Stored>>;

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
  const auto first = this->publish({this->message("1", "one")}).at(0);
  const auto second = this->publish({this->message("1", "one")}).at(0);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first.value().is_repetition);
  EXPECT_TRUE(second.value().is_repetition);
  EXPECT_EQ(first.value().sequence, second.value().sequence);
  EXPECT_EQ(this->harness_.stored("ORDERS").size(), 1U);
}

TYPED_TEST_P(BrokerContract, TellsWhereAMessageStandsAndWhereTheStreamEnds) {
  this->get_ready();
  const auto last = [&](const std::string& stream) {
    return base::run_task(this->broker_->last_sequence(this->soon(), stream));
  };
  ASSERT_TRUE(last("ORDERS"));
  EXPECT_EQ(last("ORDERS").value(), 0U);
  const auto results = this->publish({this->message("1", "one"), this->message("2", "two")});
  ASSERT_TRUE(results.at(0) && results.at(1));
  EXPECT_LT(0U, results[0].value().sequence);
  EXPECT_LT(results[0].value().sequence, results[1].value().sequence);
  EXPECT_EQ(last("ORDERS").value(), results[1].value().sequence);
  EXPECT_EQ(last("NOBODYS").error().code, base::ErrorCode::not_found);
  this->harness_.take_down();
  EXPECT_EQ(last("ORDERS").error().code, base::ErrorCode::unavailable);
}

TYPED_TEST_P(BrokerContract, TellsWhatStreamsTakeOfAPattern) {
  using Texts = std::vector<std::string>;
  ASSERT_TRUE(base::run_task(this->answers(*this->broker_)));
  const auto parts = [&](const std::string& pattern) {
    return base::run_task(this->broker_->subjects(this->soon(), pattern));
  };
  const auto none = parts("*.events.placed");
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none.value(), Texts());
  this->get_ready();
  for (const auto& stream : {Stream{"MAIL", {"mail.parked.>", "mail.events.>"}}, Stream{"LATE", {"late.events.seen"}},
                             Stream{"ANY", {"any.*.placed"}}, Stream{"AUDIT", {"*.audit.made.>"}}}) {
    ASSERT_TRUE(base::run_task(this->broker_->ensure_stream(this->soon(), stream)));
  }
  EXPECT_EQ(parts("*.events.placed").value(),
            (Texts{"any.events.placed", "mail.events.placed", "orders.events.placed"}));
  EXPECT_EQ(parts("mail.>").value(), (Texts{"mail.audit.made.>", "mail.events.>", "mail.parked.>"}));
  EXPECT_EQ(parts("*.audit.made.x").value(), Texts{"*.audit.made.x"});
  this->harness_.take_down();
  EXPECT_EQ(parts("*.events.placed").error().code, base::ErrorCode::unavailable);
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

// However many are on their way at once.
TYPED_TEST_P(BrokerContract, WhatFollowsAMessageThatIsNotStoredIsNotStored) {
  this->get_ready();
  const auto behind = [&](const std::string& before, const std::string& id) {
    auto made = this->message(id, "x");
    made.after = before;
    return made;
  };
  auto stray = behind("2", "3");
  stray.subject = "nobody.takes.this";
  const auto results = this->publish({behind("", "1"), behind("1", "2"), stray, behind("3", "4"), behind("4", "5"),
                                      behind("", "6"), behind("6", "7"), behind("6", "8"), behind("nobody", "2")});
  std::vector<bool> stored;
  for (const auto& result : results) stored.push_back(static_cast<bool>(result));
  EXPECT_EQ(stored, (std::vector<bool>{true, true, false, false, false, true, true, false, true}));
  EXPECT_EQ(results[2].error().code, base::ErrorCode::unavailable);
  for (const auto i : {3U, 4U, 7U}) EXPECT_EQ(results[i].error().code, base::ErrorCode::conflict);
  EXPECT_TRUE(results[8].value().is_repetition) << "wherever it stands";
  const auto later = this->publish({behind("7", "9"), behind("5", "4")});
  EXPECT_TRUE(later[0]) << later[0].error().message;
  EXPECT_EQ(later[1].error().code, base::ErrorCode::conflict) << "what was refused is no repetition";
  EXPECT_EQ(this->harness_.stored("ORDERS").size(), 5U);
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

// Whoever must know what the broker has lost looks when this changes.
TYPED_TEST_P(BrokerContract, ANewConnectionShows) {
  this->get_ready();
  const auto before = this->broker_->connections();
  EXPECT_TRUE(this->publish({this->message("1", "one")}).at(0));
  EXPECT_EQ(this->broker_->connections(), before);
  this->harness_.take_down();
  this->harness_.bring_back();
  ASSERT_TRUE(base::run_task(this->answers(*this->broker_)));
  EXPECT_NE(this->broker_->connections(), before);
}

TYPED_TEST_P(BrokerContract, ABrokerThatIsDownAtStartIsNoError) {
  this->harness_.take_down();
  const auto broker = this->connect();
  EXPECT_FALSE(base::run_task(broker->ping(this->soon())));
  this->harness_.bring_back();
  EXPECT_TRUE(base::run_task(this->answers(*broker)));
}

REGISTER_TYPED_TEST_SUITE_P(BrokerContract, WhatIsAcknowledgedIsStored, AMessageSentTwiceIsStoredOnce,
                            TellsWhereAMessageStandsAndWhereTheStreamEnds, TellsWhatStreamsTakeOfAPattern,
                            EachMessageHasItsOwnAnswer, WhatFollowsAMessageThatIsNotStoredIsNotStored,
                            NothingToPublishNeedsNoAnswer, AStreamIsMadeOnceAndFollowsItsSubjects,
                            APassedDeadlineIsATimeout, ADeadBrokerIsUnavailableAndComesBackByItself,
                            ABrokerThatIsDownAtStartIsNoError, ANewConnectionShows);

}  // namespace chassis::broker
