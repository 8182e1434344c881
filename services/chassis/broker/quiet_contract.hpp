#pragma once
// Of quiet messages (Message::is_quiet), what every implementation of the broker port must do: none counts as stored
// that is not. For the same harnesses as broker_contract.hpp.

#include <algorithm>
#include <string>
#include <vector>

#include "services/chassis/broker/broker_contract.hpp"

namespace chassis::broker {

template <class Harness>
class QuietContract : public BrokerContract<Harness> {
 protected:
  // Each names the one before it; those inside are quiet.
  static std::vector<Message> chain(const std::vector<std::string>& ids) {
    std::vector<Message> messages;
    for (const auto& id : ids) {
      auto made = QuietContract::message(id, id);
      if (!messages.empty()) made.after = messages.back().id;
      made.is_quiet = !messages.empty() && id != ids.back();
      messages.push_back(std::move(made));
    }
    return messages;
  }
  // Of messages whose body is their id.
  std::vector<std::string> stored_ids() {
    std::vector<std::string> ids;
    for (const auto& one : this->harness_.stored("ORDERS")) ids.push_back(one.body);
    return ids;
  }
};

TYPED_TEST_SUITE_P(QuietContract);

TYPED_TEST_P(QuietContract, QuietMessagesAreAnsweredByTheOneThatNamesThem) {
  this->get_ready();
  const auto results = this->publish(this->chain({"1", "2", "3", "4", "5"}));
  std::uint64_t before = 0;
  for (const auto& result : results) {
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_FALSE(result.value().is_repetition);
    EXPECT_LT(before, result.value().sequence);
    before = result.value().sequence;
  }
  EXPECT_EQ(this->stored_ids(), (std::vector<std::string>{"1", "2", "3", "4", "5"}));
  const auto last = base::run_task(this->broker_->last_sequence(this->soon(), "ORDERS"));
  EXPECT_EQ(last.value(), before);
}

TYPED_TEST_P(QuietContract, AQuietMessageThatIsNotStoredCountsAsNone) {
  this->get_ready();
  auto messages = this->chain({"1", "2", "3", "4", "5"});
  messages[2].subject = "nobody.takes.this";
  const auto results = this->publish(messages);
  EXPECT_TRUE(results[0]);
  for (const auto i : {2U, 3U, 4U}) EXPECT_FALSE(results[i]) << i;
  EXPECT_EQ(results[4].error().code, base::ErrorCode::conflict);
  EXPECT_EQ(this->stored_ids(), (std::vector<std::string>{"1", "2"}));
  for (auto& message : messages) message.is_quiet = false;
  const auto again = this->publish(messages);
  EXPECT_TRUE(again[1]) << again[1].error().message;
  EXPECT_EQ(again[2].error().code, base::ErrorCode::unavailable) << "the one that it is about";
}

// 3 was there before, when 2 was refused: what stands behind 3 says nothing of 2.
TYPED_TEST_P(QuietContract, ARepetitionVouchesForNothing) {
  this->get_ready();
  for (const char* first : {"1", "0"}) {
    const std::string prefix = first;
    const auto id = [&](const char* number) { return prefix + number; };
    if (prefix == "1") EXPECT_TRUE(this->publish({this->message(id("1"), id("1"))}).at(0));
    EXPECT_TRUE(this->publish({this->message(id("x"), id("x"))}).at(0));  // as many as there were to be
    EXPECT_TRUE(this->publish({this->message(id("3"), id("3"))}).at(0));
    const auto results = this->publish(this->chain({id("1"), id("2"), id("3"), id("4"), id("5")}));
    const auto ids = this->stored_ids();
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto one = prefix + std::to_string(i + 1);
      if (results[i]) EXPECT_NE(std::find(ids.begin(), ids.end(), one), ids.end()) << one << " is not stored";
    }
  }
}

// Whoever says so by mistake has an answer all the same.
TYPED_TEST_P(QuietContract, AQuietMessageThatNobodyNamesIsAnswered) {
  this->get_ready();
  std::vector<Message> messages{this->message("1", "x"), this->message("2", "x"), this->message("3", "x")};
  messages[1].subject = "nobody.takes.this";
  for (auto& message : messages) message.is_quiet = true;
  const auto results = this->publish(messages);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].error().code, base::ErrorCode::unavailable);
  EXPECT_TRUE(results[2]);
}

REGISTER_TYPED_TEST_SUITE_P(QuietContract, QuietMessagesAreAnsweredByTheOneThatNamesThem,
                            AQuietMessageThatIsNotStoredCountsAsNone, ARepetitionVouchesForNothing,
                            AQuietMessageThatNobodyNamesIsAnswered);

}  // namespace chassis::broker
