#include "services/chassis/api/client.hpp"

#include <atomic>

#include "services/chassis/discovery/balancer.hpp"

namespace chassis {
namespace {

// grpc.health.v1.HealthCheckResponse{status: SERVING}: field 1, varint 1.
constexpr std::string_view serving{"\x08\x01", 2};

}  // namespace

// A channel to the instances known now. A call keeps the channel that it began with.
class ServiceClient::Peers {
 public:
  Peers(Environment& env, const std::string& service, const std::string& address)
      : env_(env), feed_(discovery::make_discovery(env)->follow(service)) {
    rebuild(address);
    feed_->on_change([this, address] { rebuild(address); });
  }
  ~Peers() { feed_->on_change(nullptr); }
  Peers(const Peers&) = delete;

  std::shared_ptr<rpc::Channel> channel() const { return channel_.load(std::memory_order_acquire); }

 private:
  void rebuild(const std::string& address) {
    auto known = discovery::addresses(*feed_->endpoints(), "grpc");
    if (known.empty()) known = address;
    if (known == connected_to_) return;
    connected_to_ = known;
    channel_.store(env_.rpc.connect(known), std::memory_order_release);
  }

  Environment& env_;
  std::shared_ptr<discovery::Feed> feed_;
  std::string connected_to_;
  std::atomic<std::shared_ptr<rpc::Channel>> channel_;
};

ServiceClient::ServiceClient(Environment& env, std::string service, CallConfig config)
    : env_(&env),
      service_(std::move(service)),
      config_(std::move(config)),
      peers_(std::make_shared<Peers>(env, service_, config_.address)) {}

base::Result<ServiceClient> ServiceClient::connect(Environment& env, const std::string& service) {
  const auto found = env.config.calls.find(service);
  if (found == env.config.calls.end()) {
    return base::fail(base::ErrorCode::invalid,
                      env.config.name + " calls " + service + ": declare it under `calls` in its service.yaml");
  }
  return ServiceClient(env, service, found->second);
}

base::Task<base::Result<std::string>> ServiceClient::call(std::string method, const CallContext& context,
                                                          std::string body, std::string once) {
  const auto began = env_->clock.monotonic();
  rpc::Call outgoing{method, std::move(body), {}, std::min(context.deadline, began + config_.timeout)};
  const auto trace = child_of(context.trace, env_->random);
  outgoing.metadata.add("traceparent", trace.traceparent());
  if (!trace.tracestate.empty()) outgoing.metadata.add("tracestate", trace.tracestate);
  outgoing.metadata.add("x-request-id", context.request_id);
  if (!once.empty()) outgoing.metadata.add("idempotency-key", once);
  const auto channel = peers_->channel();
  auto answer = co_await channel->call(std::move(outgoing));
  const std::chrono::duration<double> took = env_->clock.monotonic() - began;
  env_->metrics.count("rpc_client_calls_total", "gRPC calls made",
                      {{"service", service_}, {"method", method}, {"outcome", answer ? "ok" : "error"}});
  env_->metrics.observe_seconds("rpc_client_call_duration_seconds", "Time until a gRPC call was answered",
                                {{"service", service_}, {"method", method}, {"caller", context.endpoint}},
                                took.count());
  if (!answer && answer.error().code == base::ErrorCode::unavailable) {
    co_return base::fail(base::ErrorCode::unavailable, service_ + " is not available");
  }
  if (!answer && answer.error().code == base::ErrorCode::timeout) {
    co_return base::fail(base::ErrorCode::timeout, service_ + " did not answer in time");
  }
  co_return answer;
}

base::Task<base::Result<void>> ServiceClient::ping(base::Monotonic deadline) {
  rpc::Call outgoing{"/grpc.health.v1.Health/Check", {}, {}, deadline};
  const auto channel = peers_->channel();
  const auto answer = co_await channel->call(std::move(outgoing));
  if (!answer) co_return answer.error();
  if (answer.value() != serving) co_return base::fail(base::ErrorCode::unavailable, service_ + " is not serving");
  co_return base::success();
}

base::Error ServiceClient::malformed_answer() const {
  return base::fail(base::ErrorCode::internal, service_ + " answered with something that is not its message");
}

}  // namespace chassis
