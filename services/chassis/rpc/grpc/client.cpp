#include <charconv>
#include <mutex>

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "base/resume.hpp"
#include "services/chassis/rpc/grpc/sides.hpp"
#include "services/chassis/rpc/grpc/wire.hpp"
#include "services/chassis/rpc/status.hpp"

namespace chassis::rpc {
namespace {

using base::ErrorCode;
using base::Result;
using Answer = Result<std::string>;

// A restarted peer is to be found within a second. The connect time-out is MIN_RECONNECT_BACKOFF; a refused connection
// does not wait for it. Keepalive frees a connection whose peer has vanished without a word.
grpc::ChannelArguments channel_arguments(bool several) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // calls between services never go through a proxy
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (several) arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetMaxReceiveMessageSize(static_cast<int>(max_message_bytes));
  return arguments;
}

// Lives until gRPC has called back.
struct Exchange {
  std::shared_ptr<grpc::GenericStub> stub;
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
  base::Resume<Answer> resume;
};

std::string_view trailer(const grpc::ClientContext& context, const char* key) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(key);
  return found == trailers.end() ? std::string_view() : std::string_view(found->second.data(), found->second.size());
}

base::Error error_of(const grpc::Status& status, const grpc::ClientContext& context) {
  base::Error error{from_grpc(status.error_code()), status.error_message()};
  if (const auto code = code_from_name(trailer(context, code_key))) {
    error.code = *code;
    error.fields = decode_fields(trailer(context, fields_key));
    const auto retry = trailer(context, retry_key);
    int seconds = 0;
    const auto [end, bad] = std::from_chars(retry.data(), retry.data() + retry.size(), seconds);
    if (!retry.empty() && bad == std::errc()) error.retry_after = std::chrono::seconds(seconds);
  } else if (error.code == ErrorCode::unavailable) {
    error.retry_after = std::chrono::seconds(1);
  }
  return error;
}

Answer answer_of(const grpc::Status& status, Exchange& exchange) {
  if (!status.ok()) return error_of(status, exchange.context);
  grpc::Slice slice;
  if (!exchange.response.DumpToSingleSlice(&slice).ok()) return base::fail(ErrorCode::internal, "unreadable answer");
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

// The connection for the next call. Thread-safe.
class Stubs {
 public:
  explicit Stubs(const std::string& addresses)
      : several_(addresses.find(',') != std::string::npos),
        target_(several_ ? "ipv4:" + addresses : addresses),
        stub_(connect()) {}

  std::shared_ptr<grpc::GenericStub> current() {
    const std::lock_guard lock(mutex_);
    return stub_;
  }
  // The server at the other end of `old` is about to end: later calls take a new connection, which another process
  // accepts. Running ones keep the old one alive.
  void leave(const std::shared_ptr<grpc::GenericStub>& old) {
    const std::lock_guard lock(mutex_);
    if (stub_ == old) stub_ = connect();
  }

 private:
  std::shared_ptr<grpc::GenericStub> connect() const {
    return std::make_shared<grpc::GenericStub>(
        grpc::CreateCustomChannel(target_, grpc::InsecureChannelCredentials(), channel_arguments(several_)));
  }

  bool several_;
  std::string target_;
  std::mutex mutex_;
  std::shared_ptr<grpc::GenericStub> stub_;
};

class GrpcChannel final : public Channel {
 public:
  explicit GrpcChannel(const std::string& addresses) : stubs_(std::make_shared<Stubs>(addresses)) {}

  base::Task<Answer> call(Call call) override {
    if (call.body.size() > max_message_bytes) co_return base::fail(ErrorCode::too_large, "the message is too large");
    const auto left =
        std::min<base::Monotonic::duration>(call.deadline - std::chrono::steady_clock::now(), std::chrono::hours(24));
    if (left.count() <= 0) co_return base::fail(ErrorCode::timeout, "the deadline has passed");
    auto exchange = std::make_shared<Exchange>();
    exchange->stub = stubs_->current();
    // A span, not a point in time, so that a jump of the wall clock changes nothing.
    exchange->context.set_deadline(gpr_time_from_nanos(std::chrono::nanoseconds(left).count(), GPR_TIMESPAN));
    for (const auto& [name, value] : call.metadata) {
      if (is_metadata(name, value)) exchange->context.AddMetadata(name, value);
    }
    const grpc::Slice slice(call.body);
    exchange->request = grpc::ByteBuffer(&slice, 1);
    auto start = [exchange, stubs = stubs_, method = std::move(call.method)](base::Resume<Answer> resume) {
      exchange->resume = std::move(resume);
      exchange->stub->UnaryCall(&exchange->context, method, grpc::StubOptions(), &exchange->request,
                                &exchange->response, [exchange, stubs](const grpc::Status& status) {
                                  if (!trailer(exchange->context, leaving_key).empty()) stubs->leave(exchange->stub);
                                  exchange->resume(answer_of(status, *exchange));
                                });
    };
    auto answer = base::await_foreign<Answer>(std::move(start));
    co_return co_await std::move(answer);
  }

 private:
  std::shared_ptr<Stubs> stubs_;
};

}  // namespace

void keep_callback_threads() {
  static std::once_flag once;
  std::call_once(once, [] {
    // A channel without credentials answers every call with an error at once; any call takes the reference.
    auto* exchange = new Exchange;
    const grpc::Slice nothing("");
    exchange->request = grpc::ByteBuffer(&nothing, 1);
    exchange->stub = std::make_shared<grpc::GenericStub>(grpc::CreateCustomChannel("", nullptr, {}));
    exchange->stub->UnaryCall(&exchange->context, "/", grpc::StubOptions(), &exchange->request, &exchange->response,
                              [](const grpc::Status&) {});
    static const Exchange* const kept = exchange;  // reachable, so that leak checkers know it is meant
    static_cast<void>(kept);
  });
}

std::unique_ptr<Channel> connect_grpc(const std::string& addresses) { return std::make_unique<GrpcChannel>(addresses); }

}  // namespace chassis::rpc
