#pragma once
// What every implementation of the rpc port must do: a GoogleTest suite to be instantiated over each of them.
// The type parameter is a default-constructible harness with `Transport& transport()`.

#include <atomic>
#include <chrono>
#include <stdexcept>

#include <gtest/gtest.h>
#include <boost/asio/detached.hpp>

#include "base/run_task.hpp"
#include "base/timer.hpp"
#include "services/chassis/rpc/rpc.hpp"
#include "services/chassis/rpc/status.hpp"

namespace chassis::rpc {

using std::chrono::milliseconds;

template <class Harness>
class RpcContract : public ::testing::Test {
 protected:
  using Answer = base::Result<std::string>;

  static base::Monotonic in(milliseconds delay) { return std::chrono::steady_clock::now() + delay; }
  static base::Monotonic soon() { return in(milliseconds(10'000)); }

  static base::Task<> wait(milliseconds delay) {
    base::Timer timer(co_await boost::asio::this_coro::executor, delay);
    co_await timer.async_wait(base::use_task);
  }
  static base::Task<Answer> echo(Call call) { co_return call.body; }
  // Takes as many milliseconds as the body says.
  base::Task<Answer> slow(Call call) {
    ++begun_;
    co_await wait(milliseconds(std::stoi(call.body)));
    co_return "done";
  }
  static base::Task<Answer> throws(Call /*call*/) {
    throw std::runtime_error("boom");
    co_return "";
  }
  // Tells what it got.
  static base::Task<Answer> describe(Call call) {
    const auto left = std::chrono::duration_cast<milliseconds>(call.deadline - std::chrono::steady_clock::now());
    // gRPC rounds a deadline up to three digits on its way.
    const bool plausible = left > milliseconds(5'000) && left <= milliseconds(10'200);
    co_return call.method + " " + std::string(call.metadata.get("traceparent")) + (plausible ? " in time" : " ?");
  }
  // Fails with the code of that name.
  static base::Task<Answer> fails(Call call) {
    base::Error error{code_from_name(call.body).value(), "it is \"so\",\nü", {{"items[0].sku", "expected a SKU"}}, {}};
    error.retry_after = std::chrono::seconds(7);
    co_return error;
  }

  Methods methods() {
    return {{"/t.v1.T/Echo", &RpcContract::echo},
            {"/t.v1.T/Throws", &RpcContract::throws},
            {"/t.v1.T/Describe", &RpcContract::describe},
            {"/t.v1.T/Fails", &RpcContract::fails},
            {"/t.v1.T/Slow", [this](Call call) { return slow(std::move(call)); }}};
  }
  std::unique_ptr<Server> serve(std::uint16_t port = 0) {
    auto served = harness_.transport().serve("127.0.0.1", port, methods());
    EXPECT_TRUE(served) << served.error().message;
    return served ? std::move(served).value() : nullptr;
  }
  std::unique_ptr<Channel> connect(const Server& server) {
    return harness_.transport().connect("127.0.0.1:" + std::to_string(server.port()));
  }
  static Call make(const std::string& method, const std::string& body, base::Monotonic deadline = soon()) {
    return {"/t.v1.T/" + method, body, {}, deadline};
  }
  static Answer call(Channel& channel, Call call) { return base::run_task(channel.call(std::move(call))); }
  // Calls until an answer other than unavailable comes: a lost connection is reopened in the background.
  static base::Task<Answer> call_until_available(Channel& channel, const std::string& body) {
    for (const auto until = soon();;) {
      auto answer = co_await channel.call(make("Echo", body));
      const bool away = !answer && answer.error().code == base::ErrorCode::unavailable;
      if (!away || std::chrono::steady_clock::now() > until) co_return answer;
      co_await wait(milliseconds(20));
    }
  }

  std::atomic<int> begun_ = 0;  // outlives the harness, whose threads use it
  Harness harness_;
};

TYPED_TEST_SUITE_P(RpcContract);

TYPED_TEST_P(RpcContract, CarriesBytesThereAndBack) {
  const auto server = this->serve();
  const auto channel = this->connect(*server);
  for (const auto& body : {std::string(), std::string("a\0b\xff", 4), std::string(1'000'000, 'x')}) {
    const auto answer = this->call(*channel, this->make("Echo", body));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer.value(), body);
  }
}

TYPED_TEST_P(RpcContract, SpreadsOverSeveralAndLeavesOutWhoIsAway) {
  const auto serve = [this](std::string& name) {
    Methods methods{
        {"/t.v1.T/Echo", [&name](Call /*call*/) -> base::Task<base::Result<std::string>> { co_return name; }}};
    return this->harness_.transport().serve("127.0.0.1", 0, std::move(methods)).value();
  };
  std::string one;
  std::string two;
  const auto first = serve(one);
  auto second = serve(two);
  one = std::to_string(first->port());
  two = std::to_string(second->port());
  const auto channel = this->harness_.transport().connect("127.0.0.1:" + one + ",127.0.0.1:" + two);
  std::map<std::string, int> answers;
  // Until both connections are made, one server gets all calls.
  for (const auto until = this->soon(); answers.size() < 2 && std::chrono::steady_clock::now() < until;) {
    ++answers[this->call(*channel, this->make("Echo", "")).value()];
  }
  EXPECT_EQ(answers.size(), 2U);
  second.reset();
  EXPECT_TRUE(base::run_task(this->call_until_available(*channel, "")));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(this->call(*channel, this->make("Echo", "")).value(), one);
}

TYPED_TEST_P(RpcContract, CarriesMethodMetadataAndDeadline) {
  const auto server = this->serve();
  const auto channel = this->connect(*server);
  auto call = this->make("Describe", "");
  call.metadata.add("traceparent", "00-aa-bb-01");
  EXPECT_EQ(this->call(*channel, std::move(call)).value(), "/t.v1.T/Describe 00-aa-bb-01 in time");
}

TYPED_TEST_P(RpcContract, ErrorsCrossWhole) {
  const auto server = this->serve();
  const auto channel = this->connect(*server);
  for (int i = 0; i <= static_cast<int>(base::ErrorCode::internal); ++i) {
    const auto code = static_cast<base::ErrorCode>(i);
    const auto answer = this->call(*channel, this->make("Fails", std::string(code_name(code))));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code) << code_name(code);
    EXPECT_EQ(answer.error().message, "it is \"so\",\nü");
    ASSERT_EQ(answer.error().fields.size(), 1U);
    EXPECT_EQ(answer.error().fields[0].field, "items[0].sku");
    EXPECT_EQ(answer.error().retry_after, std::chrono::seconds(7));
  }
}

TYPED_TEST_P(RpcContract, AnUnknownMethodIsInternal) {
  const auto server = this->serve();
  const auto channel = this->connect(*server);
  EXPECT_EQ(this->call(*channel, this->make("Nothing", "")).error().code, base::ErrorCode::internal);
}

TYPED_TEST_P(RpcContract, AHandlerThatThrowsIsInternalAndHarmsNothing) {
  const auto server = this->serve();
  const auto channel = this->connect(*server);
  EXPECT_EQ(this->call(*channel, this->make("Throws", "")).error().code, base::ErrorCode::internal);
  EXPECT_TRUE(this->call(*channel, this->make("Echo", "")));
}

TYPED_TEST_P(RpcContract, AMessageAboveTheLimitIsTooLarge) {
  const auto server = this->serve();
  const auto channel = this->connect(*server);
  const auto answer = this->call(*channel, this->make("Echo", std::string(max_message_bytes + 1, 'x')));
  EXPECT_EQ(answer.error().code, base::ErrorCode::too_large);
}

TYPED_TEST_P(RpcContract, ASecondServerOnThePortFails) {
  const auto server = this->serve();
  const auto second = this->harness_.transport().serve("127.0.0.1", server->port(), this->methods());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::unavailable);
}

TYPED_TEST_P(RpcContract, NobodyListeningIsUnavailableAtOnce) {
  auto server = this->serve();
  const auto channel = this->connect(*server);
  server.reset();
  const auto answer = this->call(*channel, this->make("Echo", ""));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::unavailable);
}

TYPED_TEST_P(RpcContract, ARestartedPeerIsFoundAgain) {
  auto server = this->serve();
  const auto port = server->port();
  const auto channel = this->connect(*server);
  ASSERT_TRUE(this->call(*channel, this->make("Echo", "a")));
  server.reset();
  EXPECT_FALSE(this->call(*channel, this->make("Echo", "b")));
  server = this->serve(port);
  const auto answer = base::run_task(this->call_until_available(*channel, "c"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer.value(), "c");
}

TYPED_TEST_P(RpcContract, ADeadlineEndsTheCall) {
  const auto server = this->serve();
  const auto channel = this->connect(*server);
  const auto past = this->call(*channel, this->make("Echo", "", this->in(milliseconds(-1))));
  EXPECT_EQ(past.error().code, base::ErrorCode::timeout);
  const auto slow = this->call(*channel, this->make("Slow", "150", this->in(milliseconds(50))));
  EXPECT_EQ(slow.error().code, base::ErrorCode::timeout);
}

TYPED_TEST_P(RpcContract, DrainingLetsRunningCallsEndAndRefusesNewOnes) {
  const auto server = this->serve();
  const auto channel = this->connect(*server);
  boost::asio::io_context io(1);
  std::optional<base::Result<std::string>> running;
  std::optional<base::Result<std::string>> refused;
  boost::asio::co_spawn(io, base::store_result(channel->call(this->make("Slow", "200")), running),
                        boost::asio::detached);
  auto drain = [&]() -> base::Task<> {
    while (this->begun_ == 0) co_await this->wait(milliseconds(1));
    co_await server->drain(this->soon());
    refused.emplace(co_await channel->call(this->make("Echo", "")));
  };
  boost::asio::co_spawn(io, drain(), boost::asio::detached);
  io.run();
  ASSERT_TRUE(running && *running) << running->error().message;
  EXPECT_EQ(running->value(), "done");
  ASSERT_TRUE(refused && !*refused);
  EXPECT_EQ(refused->error().code, base::ErrorCode::unavailable);
}

TYPED_TEST_P(RpcContract, CallsRunSideBySide) {
  const auto server = this->serve();
  const auto channel = this->connect(*server);
  boost::asio::io_context io(1);
  int good = 0;
  auto one = [&](int i) -> base::Task<> {
    const auto body = std::to_string(i);
    const auto answer = co_await channel->call(this->make("Echo", body));
    if (answer && answer.value() == body) ++good;
  };
  for (int i = 0; i < 500; ++i) boost::asio::co_spawn(io, one(i), boost::asio::detached);
  io.run();
  EXPECT_EQ(good, 500);
}

REGISTER_TYPED_TEST_SUITE_P(RpcContract, SpreadsOverSeveralAndLeavesOutWhoIsAway, CarriesBytesThereAndBack,
                            CarriesMethodMetadataAndDeadline, ErrorsCrossWhole, AnUnknownMethodIsInternal,
                            AHandlerThatThrowsIsInternalAndHarmsNothing, AMessageAboveTheLimitIsTooLarge,
                            ASecondServerOnThePortFails, NobodyListeningIsUnavailableAtOnce, ARestartedPeerIsFoundAgain,
                            ADeadlineEndsTheCall, DrainingLetsRunningCallsEndAndRefusesNewOnes, CallsRunSideBySide);

}  // namespace chassis::rpc
