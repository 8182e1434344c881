#include "services/chassis/broker/nats/nats.hpp"

#include <nats/nats.h>

#include "services/chassis/broker/broker_contract.hpp"
#include "services/chassis/broker/consume_contract.hpp"
#include "services/chassis/broker/nats/nats_server.hpp"
#include "services/chassis/broker/nats/pull.hpp"
#include "services/chassis/broker/quiet_contract.hpp"

namespace chassis::broker {
namespace {

using std::chrono::milliseconds;

// Reads the stream through the client library, as an outsider would.
std::vector<Message> read_stream(const std::string& url, const std::string& stream) {
  std::vector<Message> messages;
  natsConnection* connection = nullptr;
  jsCtx* context = nullptr;
  EXPECT_EQ(natsConnection_ConnectTo(&connection, url.c_str()), NATS_OK);
  EXPECT_EQ(natsConnection_JetStream(&context, connection, nullptr), NATS_OK);
  for (std::uint64_t sequence = 1;; ++sequence) {
    natsMsg* raw = nullptr;
    if (js_GetMsg(&raw, context, stream.c_str(), sequence, nullptr, nullptr) != NATS_OK) break;
    auto& message = messages.emplace_back();
    message.subject = natsMsg_GetSubject(raw);
    message.body.assign(natsMsg_GetData(raw), static_cast<std::size_t>(natsMsg_GetDataLength(raw)));
    const char** keys = nullptr;
    int count = 0;
    if (natsMsgHeader_Keys(raw, &keys, &count) == NATS_OK) {
      for (int i = 0; i < count; ++i) {
        const char* value = nullptr;
        if (natsMsgHeader_Get(raw, keys[i], &value) == NATS_OK) message.headers.add(keys[i], value);
      }
      std::free(keys);  // NOLINT: the library's contract
    }
    natsMsg_Destroy(raw);
  }
  jsCtx_Destroy(context);
  natsConnection_Destroy(connection);
  return messages;
}

class NatsHarness {
 public:
  Brokers& brokers() { return brokers_; }
  std::string url() const { return server_.url(); }
  void take_down() { server_.kill(); }
  void forget() { server_.forget(); }
  void bring_back() { server_.start(); }
  std::vector<Message> stored(const std::string& stream) { return read_stream(url(), stream); }
  NatsServer& server() { return server_; }

 private:
  NatsServer server_;
  NatsBrokers brokers_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Nats, BrokerContract, ::testing::Types<NatsHarness>);
INSTANTIATE_TYPED_TEST_SUITE_P(Nats, ConsumeContract, ::testing::Types<NatsHarness>);
INSTANTIATE_TYPED_TEST_SUITE_P(Nats, QuietContract, ::testing::Types<NatsHarness>);

class Nats : public BrokerContract<NatsHarness> {};

TEST_F(Nats, AFrozenBrokerTimesOutAtTheDeadline) {
  get_ready();
  harness_.server().signal(SIGSTOP);
  const auto deadline = in(milliseconds(200));
  const auto results = publish({message("1", "one")}, deadline);
  EXPECT_LT(std::chrono::steady_clock::now(), deadline + milliseconds(1'000));
  ASSERT_FALSE(results.at(0));
  EXPECT_EQ(results[0].error().code, base::ErrorCode::timeout);
  EXPECT_FALSE(base::run_task(broker_->ping(in(milliseconds(200)))));
  harness_.server().signal(SIGCONT);
  EXPECT_TRUE(publish({message("1", "one")}).at(0));
  EXPECT_EQ(harness_.stored("ORDERS").size(), 1U) << "the late message and its repetition are one";
}

TEST_F(Nats, AnAnswerOutstandingWhenTheBrokerDiesFailsBeforeTheDeadline) {
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

TEST_F(Nats, CarriesManyMessagesAtOnce) {
  get_ready();
  std::vector<Message> messages;
  for (int i = 0; i < 1'000; ++i) messages.push_back(message(std::to_string(i), std::to_string(i)));
  for (const auto& result : publish(std::move(messages))) ASSERT_TRUE(result) << result.error().message;
  const auto stored = harness_.stored("ORDERS");
  ASSERT_EQ(stored.size(), 1'000U);
  EXPECT_EQ(stored[999].body, "999") << "in the order given";
}

TEST_F(Nats, AHeaderCannotMakeAnotherHeader) {
  get_ready();
  auto hostile = message("1", "one");
  hostile.headers.add("ce-subject", "a\r\nNats-Expected-Stream: OTHER");
  const auto results = publish({hostile});
  ASSERT_TRUE(results.at(0)) << results[0].error().message;
  EXPECT_FALSE(harness_.stored("ORDERS").at(0).headers.has("Nats-Expected-Stream"));
}

TEST_F(Nats, AMessageAboveTheServersLimitIsTooLarge) {
  get_ready();
  const auto results = publish({message("1", std::string(2 << 20, 'x'))});
  ASSERT_FALSE(results.at(0));
  EXPECT_EQ(results[0].error().code, base::ErrorCode::too_large);
}

void remove_durable(const std::string& url, const char* stream, const char* durable) {
  natsConnection* connection = nullptr;
  jsCtx* context = nullptr;
  ASSERT_EQ(natsConnection_ConnectTo(&connection, url.c_str()), NATS_OK);
  ASSERT_EQ(natsConnection_JetStream(&context, connection, nullptr), NATS_OK);
  EXPECT_EQ(js_DeleteConsumer(context, stream, durable, nullptr, nullptr), NATS_OK);
  jsCtx_Destroy(context);
  natsConnection_Destroy(connection);
}

TEST_F(Nats, APlaceThatWasRemovedWhileNobodyAskedIsMadeAnew) {
  get_ready();
  auto subscriber = broker_->subscribe({"mail", "orders.events.>"});
  publish({message("1", "a")});
  const auto first = base::run_task(subscriber->fetch(soon(), 1));
  ASSERT_TRUE(first && first.value().size() == 1);
  ASSERT_TRUE(base::run_task(subscriber->done(soon(), first.value()[0])));
  remove_durable(harness_.url(), "ORDERS", "mail");
  const auto silence = base::run_task(subscriber->fetch(in(milliseconds(200)), 1));
  EXPECT_TRUE(silence && silence.value().empty());
  const auto again = base::run_task(subscriber->fetch(soon(), 1));
  ASSERT_TRUE(again && again.value().size() == 1) << "it begins with the oldest message, as each new one";
  EXPECT_EQ(again.value()[0].message.body, "a");
}

TEST_F(Nats, AStopEndsAWaitingFetchAndGivesBackWhatHadCome) {
  get_ready();
  auto subscriber = broker_->subscribe({"mail", "orders.events.>"});
  std::vector<Message> messages{message("1", "a"), message("2", "b"), message("3", "c")};
  publish(std::move(messages));
  boost::asio::io_context io(1);
  // Asks for three, takes what comes first, and stops: the others are on their way or wait here.
  std::optional<Deliveries> first;
  boost::asio::co_spawn(io, base::store_result(subscriber->fetch(soon(), 3), first), [](std::exception_ptr) {});
  io.run();
  ASSERT_TRUE(first && *first);
  const auto taken = first->value().size();
  subscriber->stop();
  auto heir = broker_->subscribe({"mail", "orders.events.>"});
  std::size_t given_back = 0;
  while (given_back + taken < 3) {
    const auto more = base::run_task(heir->fetch(in(milliseconds(5'000)), 3));
    ASSERT_TRUE(more && !more.value().empty()) << "long before the 30 s of ack_wait are over";
    given_back += more.value().size();
  }

  std::optional<Deliveries> waiting;
  boost::asio::co_spawn(io, base::store_result(heir->fetch(soon(), 1), waiting), [](std::exception_ptr) {});
  io.restart();
  io.poll();
  EXPECT_FALSE(waiting);
  heir->stop();
  io.run_for(milliseconds(2'000));
  ASSERT_TRUE(waiting && !*waiting);
  EXPECT_EQ(waiting->error().code, base::ErrorCode::cancelled);
}

TEST_F(Nats, RefusesAnotherKindOfUrl) {
  EXPECT_EQ(harness_.brokers().connect("amqp://x").error().code, base::ErrorCode::malformed);
}

}  // namespace
}  // namespace chassis::broker
