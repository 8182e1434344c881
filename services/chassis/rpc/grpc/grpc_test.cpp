#include <fcntl.h>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "services/chassis/rpc/grpc/transport.hpp"
#include "services/chassis/rpc/grpc/wire.hpp"
#include "services/chassis/rpc/rpc_contract.hpp"

namespace chassis::rpc {
namespace {

// Two io_contexts with a thread each, as in a running service.
class GrpcHarness {
 public:
  GrpcHarness() : transport_({first_.get_executor(), second_.get_executor()}) {}
  ~GrpcHarness() {
    guards_.clear();
    first_.stop();
    second_.stop();
    for (auto& thread : threads_) thread.join();
  }
  Transport& transport() { return transport_; }

 private:
  boost::asio::io_context first_{1};
  boost::asio::io_context second_{1};
  std::vector<boost::asio::executor_work_guard<base::Executor>> guards_{boost::asio::make_work_guard(first_),
                                                                        boost::asio::make_work_guard(second_)};
  std::vector<std::thread> threads_ = [this] {
    std::vector<std::thread> threads;
    threads.emplace_back([this] { first_.run(); });
    threads.emplace_back([this] { second_.run(); });
    return threads;
  }();
  GrpcTransport transport_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Grpc, RpcContract, ::testing::Types<GrpcHarness>);

class Grpc : public RpcContract<GrpcHarness> {
 protected:
  // grpc.health.v1: 1 is SERVING, 2 NOT_SERVING.
  static Call health(const std::string& service) {
    std::string body;
    if (!service.empty()) body = std::string("\x0a") + static_cast<char>(service.size()) + service;
    return {"/grpc.health.v1.Health/Check", body, {}, soon()};
  }
};

TEST_F(Grpc, AnswersTheStandardHealthCheck) {
  const auto server = serve();
  const auto channel = connect(*server);
  EXPECT_EQ(call(*channel, health("")).value(), "\x08\x01");
  EXPECT_EQ(call(*channel, health("t.v1.T")).value(), "\x08\x01");
  EXPECT_FALSE(call(*channel, health("no.such.Service")));
}

TEST_F(Grpc, AHungCallIsCutAtTheDrainDeadline) {
  const auto server = serve();
  const auto channel = connect(*server);
  boost::asio::io_context io(1);
  std::optional<base::Result<std::string>> hung;
  boost::asio::co_spawn(io, base::store_result(channel->call(make("Slow", "60000")), hung), boost::asio::detached);
  auto drain = [&]() -> base::Task<> {
    while (begun_ == 0) co_await wait(milliseconds(1));
    co_await server->drain(in(milliseconds(100)));
  };
  boost::asio::co_spawn(io, drain(), boost::asio::detached);
  const auto begin = std::chrono::steady_clock::now();
  io.run();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  ASSERT_TRUE(hung && !*hung);
  EXPECT_EQ(hung->error().code, base::ErrorCode::unavailable);
}

TEST_F(Grpc, MetadataThatHttpForbidsIsLeftOut) {
  const auto server = serve();
  const auto channel = connect(*server);
  auto hostile = make("Describe", "");
  hostile.metadata.add("traceparent", "a\r\nb");
  hostile.metadata.add("Upper Case", "x");
  EXPECT_EQ(call(*channel, std::move(hostile)).value(), "/t.v1.T/Describe  in time");
}

// Servers that replace each other on one socket, as processes do, and a client that calls all the time.
TEST(GrpcHandover, ReplacingTheServerUnderLoadFailsNoCall) {
  const auto held = base::http::Listener::tcp("127.0.0.1", 0).value();
  boost::asio::io_context io(1);
  auto guard = boost::asio::make_work_guard(io);
  std::thread thread([&] { io.run(); });
  const Methods methods{
      {"/t.v1.T/Echo", [](Call call) -> base::Task<base::Result<std::string>> { co_return call.body; }}};
  GrpcTransport transport({io.get_executor()});
  const auto start = [&] {
    transport.adopt(base::http::Listener::inherited(::fcntl(held.fd(), F_DUPFD_CLOEXEC, 3)).value());
    return transport.serve("127.0.0.1", held.port(), methods).value();
  };
  auto server = start();
  EXPECT_EQ(server->port(), held.port());

  const auto channel = transport.connect("127.0.0.1:" + std::to_string(held.port()));
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0};
  std::atomic<int> failed{0};
  std::string last_failure;  // once the callers have ended
  boost::asio::io_context calling(1);
  auto caller = [&]() -> base::Task<> {
    while (!stop) {
      Call call{"/t.v1.T/Echo", "hello", {}, std::chrono::steady_clock::now() + std::chrono::seconds(10)};
      const auto answer = co_await channel->call(std::move(call));
      if (answer) {
        ++answered;
      } else {
        ++failed;
        last_failure = answer.error().message;
      }
    }
  };
  for (int i = 0; i < 8; ++i) boost::asio::co_spawn(calling, caller, boost::asio::detached);
  std::thread caller_thread([&] { calling.run(); });
  const auto wait_for = [&](int more) {
    for (const int target = answered + more; answered < target && failed == 0;) std::this_thread::yield();
  };
  const auto drain = [&](Server& old) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    boost::asio::co_spawn(io, old.drain(deadline), boost::asio::use_future).get();
  };
  for (int i = 0; i < 6; ++i) {
    wait_for(300);
    if (i % 2 == 0) {  // as a rolling restart does
      auto next = start();
      drain(*server);
      server = std::move(next);
    } else {  // as a restart does
      drain(*server);
      server = start();
    }
  }
  wait_for(300);
  stop = true;
  caller_thread.join();
  EXPECT_EQ(failed, 0) << last_failure;
  server.reset();
  guard.reset();
  io.stop();
  thread.join();
}

TEST(GrpcStatus, AForeignStatusMapsToTheNearestCode) {
  for (const auto code : {base::ErrorCode::invalid, base::ErrorCode::not_found, base::ErrorCode::conflict,
                          base::ErrorCode::timeout, base::ErrorCode::unavailable, base::ErrorCode::cancelled,
                          base::ErrorCode::permission, base::ErrorCode::internal}) {
    EXPECT_EQ(from_grpc(to_grpc(code)), code);
  }
  EXPECT_EQ(from_grpc(grpc::UNIMPLEMENTED), base::ErrorCode::internal);
  EXPECT_EQ(from_grpc(grpc::ALREADY_EXISTS), base::ErrorCode::conflict);
}

}  // namespace
}  // namespace chassis::rpc
