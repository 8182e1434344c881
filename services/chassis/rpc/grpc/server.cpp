#include <atomic>
#include <set>
#include <thread>
#include <unordered_map>

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/resume.hpp"
#include "base/timer.hpp"
#include "services/chassis/rpc/grpc/sides.hpp"
#include "services/chassis/rpc/grpc/wire.hpp"
#include "services/chassis/rpc/status.hpp"

namespace chassis::rpc {
namespace {

using base::ErrorCode;
using base::Result;
using Answer = Result<std::string>;
using base::Timer;

base::Error going_down() { return {ErrorCode::unavailable, "the service is going down", {}, std::chrono::seconds(1)}; }

// One call being answered. gRPC's objects are valid until finish(), which may come from any thread and counts once.
class Active {
 public:
  Active(grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* response)
      : context_(context), reactor_(reactor), response_(response) {}
  // A handler that was dropped (its io_context ended) still owes gRPC an answer.
  ~Active() { finish(going_down()); }
  Active(const Active&) = delete;

  void finish(Answer answer) {
    auto* reactor = reactor_.exchange(nullptr);
    if (reactor == nullptr) return;
    if (answer && answer.value().size() > max_message_bytes) {
      answer = base::fail(ErrorCode::internal, "the answer is larger than a message may be");
    }
    if (!answer) return reactor->Finish(status_of(answer.error()));
    const grpc::Slice slice(answer.value());
    *response_ = grpc::ByteBuffer(&slice, 1);
    reactor->Finish(grpc::Status::OK);
  }

 private:
  grpc::Status status_of(const base::Error& error) {
    context_->AddTrailingMetadata(code_key, std::string(code_name(error.code)));
    if (!error.fields.empty()) {
      context_->AddTrailingMetadata(fields_key, encode_fields(error.fields, max_fields_bytes));
    }
    if (error.retry_after) context_->AddTrailingMetadata(retry_key, std::to_string(error.retry_after->count()));
    return {to_grpc(error.code), error.message.substr(0, max_text_bytes)};
  }

  grpc::CallbackServerContext* context_;
  std::atomic<grpc::ServerUnaryReactor*> reactor_;
  grpc::ByteBuffer* response_;
};

// The calls that run. Thread-safe.
class Calls {
 public:
  // False when no new call is wanted.
  bool add(const std::shared_ptr<Active>& call) {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::draining) return false;
    calls_.insert_or_assign(call.get(), call);
    return true;
  }
  void remove(Active* call) {
    const std::lock_guard lock(mutex_);
    calls_.erase(call);
  }
  void refuse_new() {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::draining;
  }
  void cut() {
    refuse_new();
    std::vector<std::shared_ptr<Active>> running;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [key, call] : calls_) {
        if (auto alive = call.lock()) running.push_back(std::move(alive));
      }
    }
    for (const auto& call : running) call->finish(going_down());
  }

 private:
  enum class Phase : std::uint8_t { serving, draining };

  std::mutex mutex_;
  Phase phase_ = Phase::serving;
  std::unordered_map<Active*, std::weak_ptr<Active>> calls_;
};

Call call_of(const std::string& method, const grpc::CallbackServerContext& context, const grpc::ByteBuffer& request) {
  Call call;
  call.method = method;
  grpc::Slice slice;
  if (request.DumpToSingleSlice(&slice).ok()) {
    call.body.assign(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  for (const auto& [name, value] : context.client_metadata()) {
    call.metadata.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  const auto left = std::min<std::chrono::system_clock::duration>(context.deadline() - std::chrono::system_clock::now(),
                                                                  std::chrono::hours(24));
  call.deadline = std::chrono::steady_clock::now() + left;
  return call;
}

base::Task<> answer(std::shared_ptr<const Methods> methods, Call call, std::shared_ptr<Active> active,
                    std::shared_ptr<Calls> calls) {
  Answer result = base::fail(ErrorCode::timeout, "the deadline passed before the call began");
  if (call.deadline > std::chrono::steady_clock::now()) {
    try {
      const auto& handler = methods->at(call.method);
      result = co_await handler(std::move(call));
    } catch (const std::exception& thrown) {
      result = base::fail(ErrorCode::internal, std::string("the handler threw: ") + thrown.what());
    }
  }
  active->finish(std::move(result));
  calls->remove(active.get());
}

// Registers each method by hand, the way generated code does for its raw callback methods: bytes in, bytes out. About
// twice as fast as gRPC's generic service.
class RawService final : public grpc::Service {
 public:
  RawService(std::shared_ptr<const Methods> methods, std::vector<base::Executor> executors,
             std::shared_ptr<Calls> calls)
      : methods_(std::move(methods)), executors_(std::move(executors)), calls_(std::move(calls)) {
    int index = 0;
    for (const auto& entry : *methods_) {
      const auto& name = entry.first;
      AddMethod(new grpc::internal::RpcServiceMethod(name.c_str(), grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
      MarkMethodRawCallback(
          index++, new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
                       [this, &name](grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) { return begin(name, context, request, response); }));
    }
  }

 private:
  grpc::ServerUnaryReactor* begin(const std::string& name, grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
    auto* reactor = context->DefaultReactor();
    auto active = std::make_shared<Active>(context, reactor, response);
    if (!calls_->add(active)) {
      active->finish(going_down());
      return reactor;
    }
    const auto& executor = executors_[next_++ % executors_.size()];
    auto call = call_of(name, *context, *request);
    boost::asio::co_spawn(executor, answer(methods_, std::move(call), std::move(active), calls_),
                          boost::asio::detached);
    return reactor;
  }

  std::shared_ptr<const Methods> methods_;
  std::vector<base::Executor> executors_;
  std::shared_ptr<Calls> calls_;
  std::atomic<std::size_t> next_ = 0;
};

class GrpcServer final : public Server {
 public:
  GrpcServer(std::shared_ptr<const Methods> methods, std::vector<base::Executor> executors)
      : methods_(methods), service_(std::move(methods), std::move(executors), calls_) {}
  ~GrpcServer() override {
    calls_->cut();
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    if (stopper_.joinable()) stopper_.join();
  }

  Result<void> listen(const std::string& address, std::uint16_t port) {
    const auto target = address + ":" + std::to_string(port);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(target, grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    builder.SetMaxReceiveMessageSize(static_cast<int>(max_message_bytes));
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second server on the port must fail
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
    server_ = builder.BuildAndStart();
    if (!server_ || port_ == 0) {
      return base::fail(ErrorCode::unavailable, "cannot listen on " + target + " for gRPC; is the port taken?");
    }
    set_health(true);
    return base::success();
  }

  std::uint16_t port() const override { return static_cast<std::uint16_t>(port_); }

  base::Task<> drain(base::Monotonic deadline) override {
    set_health(false);
    calls_->refuse_new();
    Timer timer(co_await boost::asio::this_coro::executor, deadline);
    timer.async_wait([calls = calls_](boost::system::error_code stopped) {
      if (!stopped) calls->cut();
    });
    // Shutdown() blocks until every call has ended.
    auto start = [this, deadline](base::Resume<int> resume) {
      stopper_ = std::thread([this, deadline, resume = std::move(resume)]() mutable {
        const auto left = std::max(base::Monotonic::duration::zero(), deadline - std::chrono::steady_clock::now());
        server_->Shutdown(std::chrono::system_clock::now() + left);
        resume(0);
      });
    };
    auto stopped = base::await_foreign<int>(std::move(start));
    co_await std::move(stopped);
  }

 private:
  void set_health(bool serving) {
    auto* health = server_->GetHealthCheckService();
    if (health == nullptr) return;
    health->SetServingStatus(serving);  // the server as a whole
    std::set<std::string> services;
    for (const auto& [method, handler] : *methods_) services.insert(method.substr(1, method.rfind('/') - 1));
    for (const auto& service : services) health->SetServingStatus(service, serving);
  }

  std::shared_ptr<const Methods> methods_;
  std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
  RawService service_;
  std::unique_ptr<grpc::Server> server_;
  std::thread stopper_;
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> serve_grpc(std::vector<base::Executor> executors, const std::string& address,
                                           std::uint16_t port, Methods methods) {
  auto server = std::make_unique<GrpcServer>(std::make_shared<const Methods>(std::move(methods)), std::move(executors));
  TRY(server->listen(address, port));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace chassis::rpc
