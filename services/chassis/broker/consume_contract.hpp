#pragma once
// What every implementation of the broker port must do for its subscribers: a GoogleTest suite like the one of
// broker_contract.hpp, over the same harness.

#include <algorithm>
#include <string>
#include <vector>

#include "services/chassis/broker/broker_contract.hpp"

namespace chassis::broker {

template <class Harness>
class ConsumeContract : public BrokerContract<Harness> {
 protected:
  using Ms = std::chrono::milliseconds;

  static Subscription subscription() { return {"mail", "orders.events.>"}; }
  std::unique_ptr<Subscriber> subscribe(Ms ack_wait = Ms(30'000)) {
    auto wanted = subscription();
    wanted.ack_wait = ack_wait;
    return this->broker_->subscribe(wanted);
  }

  // Fetches until `count` messages are there or the time is over.
  static base::Task<std::vector<Delivery>> gather(Subscriber& subscriber, std::size_t count, base::Monotonic until) {
    base::Timer timer(co_await boost::asio::this_coro::executor);
    std::vector<Delivery> all;
    while (all.size() < count && std::chrono::steady_clock::now() < until) {
      auto some = co_await subscriber.fetch(std::min(until, BrokerContract<Harness>::in(Ms(500))), count - all.size());
      if (some) std::move(some.value().begin(), some.value().end(), std::back_inserter(all));
      if (some && !some.value().empty()) continue;
      timer.expires_after(Ms(5));
      co_await timer.async_wait(base::use_task);
    }
    co_return all;
  }
  std::vector<Delivery> fetch(Subscriber& subscriber, std::size_t count) {
    return base::run_task(gather(subscriber, count, this->soon()));
  }
  // True when nothing comes for a while.
  bool is_dry(Subscriber& subscriber) { return base::run_task(gather(subscriber, 1, this->in(Ms(150)))).empty(); }
  static std::string bodies(std::vector<Delivery> deliveries) {
    std::vector<std::string> sorted;
    for (auto& delivery : deliveries) sorted.push_back(std::move(delivery.message.body));
    std::sort(sorted.begin(), sorted.end());
    std::string text;
    for (const auto& body : sorted) text += body;
    return text;
  }
  base::Result<void> done(Subscriber& subscriber, const Delivery& delivery) {
    return base::run_task(subscriber.done(this->soon(), delivery));
  }
  // Fetches one and settles it; its body.
  std::string take(Subscriber& subscriber) {
    auto got = fetch(subscriber, 1);
    for (const auto& delivery : got) EXPECT_TRUE(done(subscriber, delivery));
    return bodies(std::move(got));
  }
};

TYPED_TEST_SUITE_P(ConsumeContract);

TYPED_TEST_P(ConsumeContract, WhatMatchesIsDeliveredInOrderAndOnceItIsDone) {
  ASSERT_TRUE(base::run_task(this->answers(*this->broker_)));
  const Stream stream{"ORDERS", {"orders.events.>", "orders.other"}};
  ASSERT_TRUE(base::run_task(this->broker_->ensure_stream(this->soon(), stream)));
  auto other = this->message("2", "x");
  other.subject = "orders.other";
  this->publish({this->message("1", "a"), other, this->message("3", std::string("\0b", 2))});
  auto subscriber = this->subscribe();
  const auto got = this->fetch(*subscriber, 2);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].message.subject, "orders.events.placed");
  EXPECT_EQ(got[0].message.id, "1");
  EXPECT_EQ(got[0].message.headers.get("ce-type"), "order.placed");
  EXPECT_EQ(got[0].message.body, "a");
  EXPECT_EQ(got[0].attempt, 1);
  EXPECT_EQ(got[1].message.body, std::string("\0b", 2));
  for (const auto& delivery : got) EXPECT_TRUE(this->done(*subscriber, delivery));
  EXPECT_TRUE(this->is_dry(*subscriber));
  this->publish({this->message("4", "c")});
  EXPECT_EQ(this->bodies(this->fetch(*subscriber, 1)), "c") << "what comes later as well";
}

TYPED_TEST_P(ConsumeContract, WhatIsNotSettledComesAgain) {
  this->get_ready();
  auto subscriber = this->subscribe(std::chrono::milliseconds(100));
  this->publish({this->message("1", "a")});
  ASSERT_EQ(this->fetch(*subscriber, 1).size(), 1U);
  const auto again = this->fetch(*subscriber, 1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt, 2);
  EXPECT_EQ(again[0].message.body, "a");
}

TYPED_TEST_P(ConsumeContract, WhatIsExtendedComesNeitherAgainNorCountsAsDelivered) {
  this->get_ready();
  auto subscriber = this->subscribe(std::chrono::milliseconds(400));
  this->publish({this->message("1", "a"), this->message("2", "b")});
  const auto got = this->fetch(*subscriber, 2);
  ASSERT_EQ(got.size(), 2U);
  ASSERT_TRUE(this->done(*subscriber, got[1]));
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(this->is_dry(*subscriber)) << i;  // for 150 ms
    EXPECT_TRUE(base::run_task(subscriber->extend(this->soon(), got[0])));
    EXPECT_TRUE(base::run_task(subscriber->extend(this->soon(), got[1]))) << "what is settled stays settled";
  }
  const auto again = this->fetch(*subscriber, 1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].message.body + std::to_string(again[0].attempt), "a2");
}

TYPED_TEST_P(ConsumeContract, AgainComesAfterItsDelay) {
  this->get_ready();
  auto subscriber = this->subscribe();
  this->publish({this->message("1", "a")});
  const auto first = this->fetch(*subscriber, 1);
  ASSERT_EQ(first.size(), 1U);
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(base::run_task(subscriber->again(this->soon(), first[0], std::chrono::milliseconds(200))));
  const auto second = this->fetch(*subscriber, 1);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].attempt, 2);
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(150));
}

TYPED_TEST_P(ConsumeContract, WhatIsDroppedIsGone) {
  this->get_ready();
  auto subscriber = this->subscribe(std::chrono::milliseconds(50));
  this->publish({this->message("1", "a")});
  const auto got = this->fetch(*subscriber, 1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_TRUE(base::run_task(subscriber->drop(this->soon(), got[0])));
  EXPECT_TRUE(this->is_dry(*subscriber));
}

TYPED_TEST_P(ConsumeContract, ThePlaceOutlivesTheBrokerAndTheConnection) {
  this->get_ready();
  auto subscriber = this->subscribe();
  this->publish({this->message("1", "a"), this->message("2", "b")});
  ASSERT_EQ(this->take(*subscriber), "a");
  this->harness_.take_down();
  const auto lost = base::run_task(subscriber->fetch(this->in(std::chrono::milliseconds(2'000)), 1));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, base::ErrorCode::unavailable);
  this->harness_.bring_back();
  ASSERT_EQ(this->take(*subscriber), "b");
  this->publish({this->message("3", "c")});
  subscriber.reset();
  const auto later = this->connect();
  ASSERT_TRUE(base::run_task(this->answers(*later)));
  auto heir = later->subscribe(this->subscription());
  EXPECT_EQ(this->bodies(this->fetch(*heir, 1)), "c");
}

// Nobody asks it for messages when it goes, so it cannot say that the place went with it.
TYPED_TEST_P(ConsumeContract, ThePlaceIsMadeAnewAtABrokerThatCameBackEmpty) {
  this->get_ready();
  auto subscriber = this->subscribe();
  this->publish({this->message("1", "a")});
  ASSERT_EQ(this->take(*subscriber), "a");
  this->harness_.take_down();
  this->harness_.forget();
  this->harness_.bring_back();
  this->get_ready();
  this->publish({this->message("2", "b")});
  EXPECT_EQ(this->bodies(this->fetch(*subscriber, 1)), "b");
}

TYPED_TEST_P(ConsumeContract, ThoseOfOneNameShareTheMessages) {
  this->get_ready();
  const auto other_connection = this->connect();
  ASSERT_TRUE(base::run_task(this->answers(*other_connection)));
  auto one = this->subscribe();
  auto two = other_connection->subscribe(this->subscription());
  this->publish({this->message("1", "a"), this->message("2", "b")});
  auto all = this->fetch(*one, 1);
  for (auto& delivery : this->fetch(*two, 1)) all.push_back(std::move(delivery));
  EXPECT_EQ(this->bodies(all), "ab");
  auto another = this->subscription();
  another.durable = "search";
  auto three = this->broker_->subscribe(another);
  EXPECT_EQ(this->bodies(this->fetch(*three, 2)), "ab") << "another name has a place of its own";
}

TYPED_TEST_P(ConsumeContract, NoMoreAreDeliveredThanMayBeUnsettled) {
  this->get_ready();
  auto wanted = this->subscription();
  wanted.max_unsettled = 1;
  auto subscriber = this->broker_->subscribe(wanted);
  this->publish({this->message("1", "a"), this->message("2", "b")});
  const auto first = this->fetch(*subscriber, 1);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].waiting, 1U);
  EXPECT_TRUE(this->is_dry(*subscriber));
  EXPECT_TRUE(this->done(*subscriber, first[0]));
  EXPECT_EQ(this->bodies(this->fetch(*subscriber, 1)), "b");
}

TYPED_TEST_P(ConsumeContract, TheStreamMayComeLaterAndBeFoundBySubject) {
  ASSERT_TRUE(base::run_task(this->answers(*this->broker_)));
  auto subscriber = this->broker_->subscribe({"mail", "*.events.placed"});
  const auto none = base::run_task(subscriber->fetch(this->soon(), 1));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, base::ErrorCode::unavailable);
  this->get_ready();
  this->publish({this->message("1", "a")});
  EXPECT_EQ(this->bodies(this->fetch(*subscriber, 1)), "a");
}

TYPED_TEST_P(ConsumeContract, AStoppedOneFetchesNoMoreButSettles) {
  this->get_ready();
  auto subscriber = this->subscribe();
  this->publish({this->message("1", "a")});
  const auto got = this->fetch(*subscriber, 1);
  ASSERT_EQ(got.size(), 1U);
  subscriber->stop();
  const auto more = base::run_task(subscriber->fetch(this->soon(), 1));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, base::ErrorCode::cancelled);
  EXPECT_TRUE(this->done(*subscriber, got[0]));
}

// As when a newer release of a service puts more into its stream than the one before.
TYPED_TEST_P(ConsumeContract, AStreamThatTakesMoreSubjectsKeepsItsMessagesAndPlaces) {
  this->get_ready();
  auto before = this->subscribe();
  this->publish({this->message("1", "a"), this->message("2", "b")});
  ASSERT_EQ(this->take(*before), "a");
  const Stream wider{"ORDERS", {"orders.events.>", "orders.quarantined.>"}};
  ASSERT_TRUE(base::run_task(this->broker_->ensure_stream(this->soon(), wider)));
  auto aside = this->message("3", "c");
  aside.subject = "orders.quarantined.placed";
  EXPECT_TRUE(this->publish({aside}).at(0));
  EXPECT_EQ(this->harness_.stored("ORDERS").size(), 3U);
  ASSERT_EQ(this->take(*before), "b");
  EXPECT_TRUE(this->is_dry(*before)) << "what was added is not for it";
  auto added = this->broker_->subscribe({"look", "orders.quarantined.>"});
  EXPECT_EQ(this->bodies(this->fetch(*added, 1)), "c");
}

REGISTER_TYPED_TEST_SUITE_P(ConsumeContract, WhatMatchesIsDeliveredInOrderAndOnceItIsDone, WhatIsNotSettledComesAgain,
                            WhatIsExtendedComesNeitherAgainNorCountsAsDelivered, AgainComesAfterItsDelay,
                            WhatIsDroppedIsGone, ThePlaceOutlivesTheBrokerAndTheConnection,
                            ThePlaceIsMadeAnewAtABrokerThatCameBackEmpty, ThoseOfOneNameShareTheMessages,
                            NoMoreAreDeliveredThanMayBeUnsettled, TheStreamMayComeLaterAndBeFoundBySubject,
                            AStoppedOneFetchesNoMoreButSettles, AStreamThatTakesMoreSubjectsKeepsItsMessagesAndPlaces);

}  // namespace chassis::broker
