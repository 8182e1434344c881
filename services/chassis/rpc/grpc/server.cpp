#include <algorithm>
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

#include "base/http/server.hpp"
#include "base/resume.hpp"
#include "base/timer.hpp"
#include "services/chassis/rpc/grpc/acceptor.hpp"
#include "services/chassis/rpc/grpc/peers.hpp"
#include "services/chassis/rpc/grpc/sides.hpp"
#include "services/chassis/rpc/grpc/wire.hpp"
#include "services/chassis/rpc/status.hpp"

namespace chassis::rpc {
namespace {

using base::ErrorCode;
using base::Result;
using Answer = Result<std::string>;
using base::Timer;

constexpr std::chrono::milliseconds look_again{10};
// How long a client that was told to go elsewhere is given to close its connection.
constexpr std::chrono::milliseconds farewell{200};

base::Error going_down() { return {ErrorCode::unavailable, "the service is going down", {}, std::chrono::seconds(1)}; }

// One call being answered. gRPC's objects are valid until finish(), which may come from any thread and counts once.
class Active {
 public:
  Active(grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* response)
      : context_(context), reactor_(reactor), response_(response) {}
  // A handler that was dropped (its io_context ended) still owes gRPC an answer.
  ~Active() { finish(going_down()); }
  Active(const Active&) = delete;

  void finish(Answer answer, bool leaving = false) {
    auto* reactor = reactor_.exchange(nullptr);
    if (reactor == nullptr) return;
    if (leaving) context_->AddTrailingMetadata(leaving_key, "1");
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

// The calls that run, and the clients that called lately. Thread-safe.
class Calls {
 public:
  // False when no new call is wanted. `peer` names the connection.
  bool add(const std::shared_ptr<Active>& call, const std::string& peer) {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::draining) return false;
    calls_.insert_or_assign(call.get(), call);
    if (peers_.size() >= peers_kept) forget_old_peers();
    peers_[peer].used = std::chrono::steady_clock::now();
    return true;
  }
  void finish(Active* call, Answer answer, const std::string& peer) {
    bool tell = false;
    {
      const std::lock_guard lock(mutex_);
      tell = phase_ == Phase::leaving;
      if (tell && !peers_[peer].told) peers_[peer].told = std::chrono::steady_clock::now();
    }
    call->finish(std::move(answer), tell);
    const std::lock_guard lock(mutex_);
    calls_.erase(call);
  }
  // From now on each answer tells its client to go elsewhere.
  void leave() {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::serving) phase_ = Phase::leaving;
  }
  // True while a client that called lately, and may call again any moment, has not been told or has not gone yet.
  bool someone_may_call(const std::set<std::string>& connected) {
    const std::lock_guard lock(mutex_);
    forget_old_peers();
    std::erase_if(peers_, [&connected](const auto& peer) { return !connected.contains(peer.first); });
    const auto gone_by_now = std::chrono::steady_clock::now() - farewell;
    return std::any_of(peers_.begin(), peers_.end(), [gone_by_now](const auto& peer) {
      return !peer.second.told || *peer.second.told > gone_by_now;
    });
  }
  // A new connection; its first call is on its way.
  void meet(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    if (peers_.size() >= peers_kept) forget_old_peers();
    peers_[peer].used = std::chrono::steady_clock::now();
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
  enum class Phase : std::uint8_t { serving, leaving, draining };
  struct Peer {
    base::Monotonic used;
    std::optional<base::Monotonic> told = {};
  };
  static constexpr std::size_t peers_kept = 1024;

  void forget_old_peers() {
    const auto limit = std::chrono::steady_clock::now() - base::http::recent_use;
    std::erase_if(peers_, [limit](const auto& peer) { return peer.second.used < limit; });
  }

  std::mutex mutex_;
  Phase phase_ = Phase::serving;
  std::unordered_map<std::string, Peer> peers_;
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
                    std::shared_ptr<Calls> calls, std::string peer) {
  Answer result = base::fail(ErrorCode::timeout, "the deadline passed before the call began");
  if (call.deadline > std::chrono::steady_clock::now()) {
    try {
      const auto& handler = methods->at(call.method);
      result = co_await handler(std::move(call));
    } catch (const std::exception& thrown) {
      result = base::fail(ErrorCode::internal, std::string("the handler threw: ") + thrown.what());
    }
  }
  calls->finish(active.get(), std::move(result), peer);
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
    auto peer = context->peer();
    if (!calls_->add(active, peer)) {
      active->finish(going_down());
      return reactor;
    }
    const auto& executor = executors_[next_++ % executors_.size()];
    auto call = call_of(name, *context, *request);
    boost::asio::co_spawn(executor, answer(methods_, std::move(call), std::move(active), calls_, std::move(peer)),
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
      : methods_(methods), executor_(executors.front()), service_(std::move(methods), std::move(executors), calls_) {}
  ~GrpcServer() override {
    if (acceptor_) acceptor_->stop();
    calls_->cut();
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    if (stopper_.joinable()) stopper_.join();
  }

  Result<void> listen(const std::string& address, std::uint16_t port, std::optional<base::http::Listener> held) {
    const auto target = address + ":" + std::to_string(port);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    if (held) {
      using From = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
      connections_ =
          builder.experimental().AddExternalConnectionAcceptor(From::FROM_FD, grpc::InsecureServerCredentials());
      port_ = held->port();
    } else {
      builder.AddListeningPort(target, grpc::InsecureServerCredentials(), &port_);
    }
    builder.RegisterService(&service_);
    builder.SetMaxReceiveMessageSize(static_cast<int>(max_message_bytes));
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second server on the port must fail
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
    server_ = builder.BuildAndStart();
    if (!server_ || port_ == 0) {
      return base::fail(ErrorCode::unavailable, "cannot listen on " + target + " for gRPC; is the port taken?");
    }
    set_health(true);
    if (held) accept_from(std::move(*held));
    return base::success();
  }

  std::uint16_t port() const override { return static_cast<std::uint16_t>(port_); }

  base::Task<> drain(base::Monotonic deadline) override {
    set_health(false);
    if (acceptor_) {
      acceptor_->stop();
      co_await send_clients_away(deadline);
    } else {
      calls_->refuse_new();
    }
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
  void accept_from(base::http::Listener held) {
    auto deliver = [connections = connections_, calls = calls_](int fd) {
      calls->meet(peer_of(fd));
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
      parameters.fd = fd;
      connections->HandleNewConnection(&parameters);
    };
    acceptor_ = std::make_shared<Acceptor>(executor_, std::move(held), std::move(deliver));
    acceptor_->start();
  }

  base::Task<> send_clients_away(base::Monotonic deadline) {
    const auto now = std::chrono::steady_clock::now();
    const auto end = std::min<base::Monotonic>(now + base::http::recent_use, now + (deadline - now) / 4);
    Timer timer(co_await boost::asio::this_coro::executor);
    calls_->leave();
    while (calls_->someone_may_call(connected_peers(port())) && std::chrono::steady_clock::now() < end) {
      timer.expires_after(look_again);
      co_await timer.async_wait(base::use_task);
    }
  }

  void set_health(bool serving) {
    auto* health = server_->GetHealthCheckService();
    if (health == nullptr) return;
    health->SetServingStatus(serving);  // the server as a whole
    std::set<std::string> services;
    for (const auto& [method, handler] : *methods_) services.insert(method.substr(1, method.rfind('/') - 1));
    for (const auto& service : services) health->SetServingStatus(service, serving);
  }

  std::shared_ptr<const Methods> methods_;
  base::Executor executor_;
  std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
  RawService service_;
  std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;
  std::shared_ptr<Acceptor> acceptor_;  // when the socket is held by somebody else
  std::unique_ptr<grpc::Server> server_;
  std::thread stopper_;
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> serve_grpc(std::vector<base::Executor> executors, const std::string& address,
                                           std::uint16_t port, std::optional<base::http::Listener> held,
                                           Methods methods) {
  auto server = std::make_unique<GrpcServer>(std::make_shared<const Methods>(std::move(methods)), std::move(executors));
  TRY(server->listen(address, port, std::move(held)));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace chassis::rpc
