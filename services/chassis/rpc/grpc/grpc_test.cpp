#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

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
