#include "services/chassis/broker/redis/redis.hpp"

#include <hiredis/hiredis.h>

#include <initializer_list>

#include "services/chassis/broker/broker_contract.hpp"
#include "services/chassis/broker/consume_contract.hpp"
#include "services/chassis/broker/quiet_contract.hpp"
#include "services/chassis/broker/redis/redis_server.hpp"

namespace chassis::broker {
namespace {

using std::chrono::milliseconds;
using Reply = std::unique_ptr<redisReply, void (*)(void*)>;

// Asks through the client library, as an outsider would.
Reply ask(int port, std::initializer_list<std::string> words) {
  const std::unique_ptr<redisContext, void (*)(redisContext*)> context(redisConnect("127.0.0.1", port), redisFree);
  std::vector<const char*> pointers;
  std::vector<std::size_t> sizes;
  for (const auto& word : words) {
    pointers.push_back(word.data());
    sizes.push_back(word.size());
  }
  auto* reply = redisCommandArgv(context.get(), static_cast<int>(words.size()), pointers.data(), sizes.data());
  EXPECT_NE(reply, nullptr);
  return {static_cast<redisReply*>(reply), freeReplyObject};
}

std::vector<Message> read_stream(int port, const std::string& stream) {
  const auto entries = ask(port, {"XRANGE", "msctl:stream:" + stream, "-", "+"});
  std::vector<Message> messages;
  for (std::size_t i = 0; i < entries->elements; ++i) {
    const auto& fields = *entries->element[i]->element[1];
    auto& message = messages.emplace_back();
    for (std::size_t k = 0; k < fields.elements; k += 2) {
      const std::string name(fields.element[k]->str, fields.element[k]->len);
      const std::string value(fields.element[k + 1]->str, fields.element[k + 1]->len);
      if (name == "subject") message.subject = value;
      if (name == "id") message.id = value;
      if (name == "body") message.body = value;
      if (name.starts_with("header.")) message.headers.add(name.substr(7), value);
    }
  }
  return messages;
}

class RedisHarness {
 public:
  Brokers& brokers() { return brokers_; }
  std::string url() const { return server_.url(); }
  void take_down() { server_.kill(); }
  void forget() { server_.forget(); }
  void bring_back() { server_.start(); }
  std::vector<Message> stored(const std::string& stream) { return read_stream(server_.port(), stream); }
  RedisServer& server() { return server_; }

 private:
  RedisServer server_;
  RedisBrokers brokers_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Redis, BrokerContract, ::testing::Types<RedisHarness>);
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, ConsumeContract, ::testing::Types<RedisHarness>);
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, QuietContract, ::testing::Types<RedisHarness>);

class Redis : public ConsumeContract<RedisHarness> {
 protected:
  // Of the group of subscription() in the stream of get_ready().
  std::size_t pending() {
    const auto reply = ask(harness_.server().port(), {"XPENDING", "msctl:stream:ORDERS", "mail"});
    return reply->type == REDIS_REPLY_ARRAY ? static_cast<std::size_t>(reply->element[0]->integer) : 0;
  }
  long long count(const std::string& command, const std::string& key) {
    return ask(harness_.server().port(), {command, key})->integer;
  }
};

TEST_F(Redis, AFrozenBrokerTimesOutAtTheDeadline) {
  get_ready();
  harness_.server().signal(SIGSTOP);
  const auto deadline = in(milliseconds(200));
  const auto results = publish({message("1", "one")}, deadline);
  EXPECT_LT(std::chrono::steady_clock::now(), deadline + milliseconds(1'000));
  ASSERT_FALSE(results.at(0));
  EXPECT_EQ(results[0].error().code, base::ErrorCode::timeout);
  EXPECT_FALSE(base::run_task(broker_->ping(in(milliseconds(200)))));
  auto subscriber = subscribe();
  const auto none = base::run_task(subscriber->fetch(in(milliseconds(200)), 1));
  EXPECT_TRUE(none && none.value().empty());
  harness_.server().signal(SIGCONT);
  EXPECT_TRUE(publish({message("1", "one")}).at(0));
  EXPECT_EQ(harness_.stored("ORDERS").size(), 1U) << "the late message and its repetition are one";
}

TEST_F(Redis, ABrokerThatStaysFrozenIsLostAndComesBack) {
  get_ready();
  harness_.server().signal(SIGSTOP);
  const auto results = publish({message("1", "one")}, in(milliseconds(9'000)));
  ASSERT_FALSE(results.at(0));
  EXPECT_EQ(results[0].error().code, base::ErrorCode::unavailable) << "long before the deadline";
  harness_.server().signal(SIGCONT);
  ASSERT_TRUE(base::run_task(answers(*broker_)));
  EXPECT_TRUE(publish({message("1", "one")}).at(0));
  EXPECT_EQ(harness_.stored("ORDERS").size(), 1U);
}

TEST_F(Redis, AnAnswerOutstandingWhenTheBrokerDiesFailsBeforeTheDeadline) {
  get_ready();
  harness_.server().signal(SIGSTOP);
  boost::asio::io_context io(1);
  std::optional<std::vector<base::Result<Stored>>> results;
  std::vector<Message> messages{message("1", "one")};
  boost::asio::co_spawn(io, base::store_result(broker_->publish(soon(), std::move(messages)), results),
                        [](std::exception_ptr) {});
  io.poll();  // sent, or about to be
  harness_.take_down();
  io.run();
  ASSERT_TRUE(results && !results->at(0));
  EXPECT_EQ(results->at(0).error().code, base::ErrorCode::unavailable);
}

TEST_F(Redis, CarriesManyMessagesAtOnceAndDeliversThemInOrder) {
  get_ready();
  std::vector<Message> messages;
  for (int i = 0; i < 3'000; ++i) messages.push_back(message(std::to_string(i), std::to_string(i)));
  for (const auto& result : publish(std::move(messages))) ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(harness_.stored("ORDERS").size(), 3'000U);
  auto subscriber = subscribe();
  for (int at = 0; at < 3'000;) {
    for (const auto& delivery : fetch(*subscriber, 100)) {
      ASSERT_EQ(delivery.message.body, std::to_string(at++));
      ASSERT_EQ(delivery.waiting, 3'000U - static_cast<unsigned>(at));
      ASSERT_TRUE(done(*subscriber, delivery));
    }
  }
}

TEST_F(Redis, WhatOthersTakeIsSkippedHoweverMuchItIs) {
  const Stream stream{"ORDERS", {"orders.>"}};
  ASSERT_TRUE(base::run_task(answers(*broker_)));
  ASSERT_TRUE(base::run_task(broker_->ensure_stream(soon(), stream)));
  std::vector<Message> messages;
  for (int i = 0; i < 2'500; ++i) {
    messages.push_back(message(std::to_string(i), "x"));
    messages.back().subject = "orders.other";
  }
  messages.push_back(message("last", "wanted"));
  publish(std::move(messages));
  auto subscriber = subscribe();
  EXPECT_EQ(bodies(fetch(*subscriber, 1)), "wanted");
  EXPECT_EQ(pending(), 1U) << "the others are settled";
}

TEST_F(Redis, AStreamThatOverlapsAnotherIsRefused) {
  get_ready();
  const auto ensure = [&](Stream stream) { return base::run_task(broker_->ensure_stream(soon(), std::move(stream))); };
  for (const char* subject : {"orders.events.placed", "*.events.>", "orders.>", ">", "orders.*.placed"}) {
    const auto refused = ensure({"OTHER", {"free", subject}});
    ASSERT_FALSE(refused) << subject;
    EXPECT_EQ(refused.error().message, "broker: the stream ORDERS takes orders.events.>");
  }
  for (const char* subject : {"orders.events", "orders", "mails.events.>", "orders.other.*"}) {
    EXPECT_TRUE(ensure({"OTHER", {subject}})) << subject;
  }
  EXPECT_TRUE(ensure({"ORDERS", {"orders.events.>", "orders.events.placed"}})) << "its own may";
}

TEST_F(Redis, AMessageAboveTheLimitIsTooLargeAndTheOthersAreStored) {
  get_ready();
  const auto results = publish({message("1", "a"), message("2", std::string(2 << 20, 'x')), message("3", "c")});
  ASSERT_EQ(results.size(), 3U);
  EXPECT_TRUE(results[0]);
  ASSERT_FALSE(results[1]);
  EXPECT_EQ(results[1].error().code, base::ErrorCode::too_large);
  EXPECT_TRUE(results[2]);
}

TEST_F(Redis, ABrokerThatComesBackEmptyIsFilledAnew) {
  get_ready();
  auto subscriber = subscribe();
  publish({message("1", "a")});
  ASSERT_EQ(bodies(fetch(*subscriber, 1)), "a");
  harness_.take_down();
  harness_.server().forget();
  harness_.bring_back();
  ASSERT_TRUE(base::run_task(answers(*broker_)));
  const auto refused = publish({message("2", "b")});
  ASSERT_FALSE(refused.at(0));
  EXPECT_EQ(refused[0].error().code, base::ErrorCode::unavailable) << "no stream takes it";
  const auto none = base::run_task(subscriber->fetch(soon(), 1));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, base::ErrorCode::unavailable);
  get_ready();
  ASSERT_TRUE(publish({message("1", "a")}).at(0)) << "its id is known no more";
  EXPECT_EQ(bodies(fetch(*subscriber, 1)), "a");
}

TEST_F(Redis, WhatWasDeliveredAndNotSettledOutlivesTheBroker) {
  get_ready();
  auto wanted = subscription();
  wanted.ack_wait = milliseconds(1'500);
  auto subscriber = broker_->subscribe(wanted);
  publish({message("1", "a"), message("2", "b")});
  const auto got = fetch(*subscriber, 2);
  ASSERT_EQ(got.size(), 2U);
  ASSERT_TRUE(done(*subscriber, got[0]));
  harness_.take_down();
  harness_.bring_back();
  const auto again = fetch(*subscriber, 1);
  ASSERT_EQ(bodies(again), "b");
  EXPECT_EQ(again[0].attempt, 2);
  EXPECT_TRUE(done(*subscriber, again[0]));
  EXPECT_EQ(pending(), 0U);
  EXPECT_EQ(count("ZCARD", "msctl:due:ORDERS:mail"), 0);
}

TEST_F(Redis, ADelayLongerThanAckWaitIsKept) {
  get_ready();
  auto wanted = subscription();
  wanted.ack_wait = milliseconds(50);
  auto subscriber = broker_->subscribe(wanted);
  publish({message("1", "a")});
  const auto first = fetch(*subscriber, 1);
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(base::run_task(subscriber->again(soon(), first.at(0), milliseconds(1'400))));
  EXPECT_EQ(fetch(*subscriber, 1).at(0).attempt, 2);
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(1'350));
}

TEST_F(Redis, AMessageThatComesWhileOneWaitsIsDeliveredAtOnce) {
  get_ready();
  auto subscriber = subscribe();
  ASSERT_TRUE(is_dry(*subscriber));  // has its connection for waiting now
  boost::asio::io_context io(1);
  std::optional<base::Result<std::vector<Delivery>>> got;
  boost::asio::co_spawn(io, base::store_result(subscriber->fetch(soon(), 1), got), [](std::exception_ptr) {});
  io.run_for(milliseconds(300));
  ASSERT_FALSE(got);
  publish({message("1", "a")});
  const auto before = std::chrono::steady_clock::now();
  io.run();
  EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(500)) << "it looks by itself after 700 ms more";
  ASSERT_TRUE(got && *got);
  EXPECT_EQ(got->value().at(0).message.body, "a");
}

TEST_F(Redis, AStopEndsAWaitingFetchAndGivesBackWhatHadCome) {
  get_ready();
  auto subscriber = subscribe();
  boost::asio::io_context io(1);
  std::optional<base::Result<std::vector<Delivery>>> waiting;
  boost::asio::co_spawn(io, base::store_result(subscriber->fetch(soon(), 1), waiting), [](std::exception_ptr) {});
  io.run_for(milliseconds(200));
  ASSERT_FALSE(waiting);
  subscriber->stop();
  io.run_for(milliseconds(2'000));
  ASSERT_TRUE(waiting && !*waiting);
  EXPECT_EQ(waiting->error().code, base::ErrorCode::cancelled);

  // The server answers only after the deadline and the stop.
  auto late = subscribe();
  EXPECT_TRUE(is_dry(*late));
  publish({message("1", "a")});
  harness_.server().signal(SIGSTOP);
  EXPECT_TRUE(base::run_task(late->fetch(in(milliseconds(100)), 1)).value().empty());
  late->stop();
  harness_.server().signal(SIGCONT);
  auto heir = subscribe();
  EXPECT_EQ(bodies(fetch(*heir, 1)), "a") << "long before the 30 s of ack_wait are over";
}

TEST_F(Redis, ScriptsThatSomebodyRemovedAreLoadedAgain) {
  get_ready();
  ask(harness_.server().port(), {"SCRIPT", "FLUSH"});
  EXPECT_FALSE(publish({message("1", "one")}).at(0));
  ASSERT_TRUE(base::run_task(answers(*broker_)));
  EXPECT_TRUE(publish({message("1", "one")}).at(0));
}

TEST_F(Redis, WhatSomebodyReadIntoTheGroupByHandComesAgain) {
  get_ready();
  auto wanted = subscription();
  wanted.ack_wait = milliseconds(50);
  auto subscriber = broker_->subscribe(wanted);
  ASSERT_TRUE(is_dry(*subscriber));  // the group is there
  publish({message("1", "a")});
  ask(harness_.server().port(), {"XREADGROUP", "GROUP", "mail", "me", "STREAMS", "msctl:stream:ORDERS", ">"});
  EXPECT_EQ(bodies(fetch(*subscriber, 1)), "a");
}

// As it is after a FLUSHALL and a restart.
TEST_F(Redis, ACountOfTheServersOwnThatWentWrongIsPutRight) {
  get_ready();
  auto subscriber = broker_->subscribe(subscription());
  publish({message("1", "a"), message("2", "b")});
  for (const auto& one : fetch(*subscriber, 2)) ASSERT_TRUE(done(*subscriber, one));
  const auto lag = [&] {
    const auto groups = ask(harness_.server().port(), {"XINFO", "GROUPS", "msctl:stream:ORDERS"});
    const auto& flat = *groups->element[0];
    return flat.element[flat.elements - 1]->integer;
  };
  const auto newest = ask(harness_.server().port(), {"XREVRANGE", "msctl:stream:ORDERS", "+", "-", "COUNT", "1"});
  const std::string last = newest->element[0]->element[0]->str;
  ask(harness_.server().port(), {"XGROUP", "SETID", "msctl:stream:ORDERS", "mail", last, "ENTRIESREAD", "0"});
  ASSERT_EQ(lag(), 2);
  EXPECT_TRUE(is_dry(*subscriber));
  EXPECT_EQ(lag(), 0);
  publish({message("3", "c")});
  const auto third = fetch(*subscriber, 1);
  ASSERT_EQ(third.size(), 1U);
  EXPECT_EQ(third[0].waiting, 0U);
}

TEST_F(Redis, WhatSomebodyTrimmedIsNotDeliveredAgain) {
  get_ready();
  auto wanted = subscription();
  wanted.ack_wait = milliseconds(50);
  auto subscriber = broker_->subscribe(wanted);
  publish({message("1", "a")});
  ASSERT_EQ(fetch(*subscriber, 1).size(), 1U);
  ask(harness_.server().port(), {"XTRIM", "msctl:stream:ORDERS", "MAXLEN", "0"});
  publish({message("2", "b")});
  const auto second = fetch(*subscriber, 1);
  ASSERT_EQ(bodies(second), "b");
  ASSERT_TRUE(done(*subscriber, second[0]));
  EXPECT_TRUE(is_dry(*subscriber));
  EXPECT_EQ(pending(), 0U);
  EXPECT_EQ(count("ZCARD", "msctl:due:ORDERS:mail"), 0);
}

TEST_F(Redis, AFullServerRefusesAndTakesMoreOnceItMay) {
  get_ready();
  ask(harness_.server().port(), {"CONFIG", "SET", "maxmemory", "1"});
  const auto refused = publish({message("1", "one")});
  ASSERT_FALSE(refused.at(0));
  EXPECT_EQ(refused[0].error().code, base::ErrorCode::unavailable);
  ask(harness_.server().port(), {"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(publish({message("1", "one")}).at(0));
}

TEST_F(Redis, FindsTheServerByName) {
  get_ready();
  const auto broker =
      harness_.brokers().connect("redis://localhost:" + std::to_string(harness_.server().port())).value();
  EXPECT_TRUE(base::run_task(answers(*broker)));
}

TEST_F(Redis, RefusesAnotherKindOfUrl) {
  EXPECT_EQ(harness_.brokers().connect("nats://x:1").error().code, base::ErrorCode::malformed);
  EXPECT_EQ(harness_.brokers().connect("redis://x").error().code, base::ErrorCode::malformed);
}

}  // namespace
}  // namespace chassis::broker
