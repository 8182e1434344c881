#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <thread>

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "cli/libexec/grpc/calls.hpp"
#include "cli/libexec/grpc/held.hpp"
#include "cli/libexec/grpc/modes.hpp"

namespace grpc_program {
namespace {

using base::ErrorCode;
using base::Json;
using External = grpc::experimental::ExternalConnectionAcceptor;

constexpr std::chrono::milliseconds look_again{50};
constexpr std::chrono::milliseconds farewell{200};

class AnyMethod final : public grpc::CallbackGenericService {
 public:
  explicit AnyMethod(Calls& calls) : calls_(calls) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return calls_.accept(*context);
  }

 private:
  Calls& calls_;
};

class Stub {
 public:
  Stub(const Options& options, std::shared_ptr<const proto::Schema> schema)
      : schema_(std::move(schema)),
        out_(STDOUT_FILENO),
        calls_(schema_, out_, std::chrono::milliseconds(options.answer_timeout_ms)),
        service_(calls_) {}

  base::Result<void> listen(const Options& options) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    TRY(auto bound, bind(options, builder));
    builder.RegisterCallbackGenericService(&service_);
    builder.SetMaxReceiveMessageSize(max_message_bytes);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    int port = 0;
    if (held_ < 0)
      builder.AddListeningPort(bound.address + ":" + std::to_string(bound.port), grpc::InsecureServerCredentials(),
                               &port);
    server_ = builder.BuildAndStart();
    if (held_ >= 0) port = bound.port;
    if (!server_ || port == 0) {
      return base::fail(ErrorCode::unavailable, "cannot listen on " + bound.address + ":" + std::to_string(bound.port) +
                                                    " for gRPC; is the port taken?");
    }
    if (auto* health = server_->GetHealthCheckService(); health != nullptr) tell_health(*health);
    out_.write(Json::object({{"ready", true}, {"address", bound.address}, {"port", port}}));
    return base::success();
  }

  // Until the input ends or a signal comes.
  void serve(int signals) {
    LineReader in(STDIN_FILENO);
    std::array<pollfd, 3> watched{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals, POLLIN, 0},
                                  pollfd{held_, POLLIN, 0}};
    bool more = true;
    while (more) {
      ::poll(watched.data(), watched.size(), calls_.empty() ? -1 : static_cast<int>(look_again.count()));
      if ((watched[1].revents & POLLIN) != 0) return;
      if ((watched[2].revents & POLLIN) != 0) accept();
      if ((watched[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        more = in.fill();
        read_answers(in);
      }
      calls_.expire();
    }
  }

  void end() {
    const auto until = std::chrono::steady_clock::now() + farewell;
    while (!calls_.empty() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    calls_.cut();
    server_->Shutdown(std::chrono::system_clock::now() + farewell);
  }

 private:
  base::Result<Bound> bind(const Options& options, grpc::ServerBuilder& builder) {
    held_ = options.held;
    if (held_ < 0 && options.listen.empty()) {
      TRY(const auto held, take_held_socket());
      held_ = held.value_or(-1);
    }
    if (held_ >= 0) {
      connections_ = builder.experimental().AddExternalConnectionAcceptor(
          grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, grpc::InsecureServerCredentials());
      return adopt(held_);
    }
    const std::string text = options.listen.empty() ? "127.0.0.1:0" : options.listen;
    const auto colon = text.rfind(':');
    const auto digits = colon == std::string::npos ? std::string() : text.substr(colon + 1);
    if (colon == 0 || digits.empty() || digits.size() > 5 ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
      return base::fail(ErrorCode::invalid, "--listen: expected ADDRESS:PORT, not '" + text + "'");
    }
    return Bound{text.substr(0, colon), std::stoi(digits)};
  }

  void tell_health(grpc::HealthCheckServiceInterface& health) {
    health.SetServingStatus(true);
    if (schema_ == nullptr) return;
    for (const auto* file : schema_->files()) {
      for (int i = 0; i < file->service_count(); ++i) health.SetServingStatus(file->service(i)->full_name(), true);
    }
  }

  void accept() {
    for (;;) {
      const int connection = ::accept4(held_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (connection < 0) return;
      External::NewConnectionParameters parameters;
      parameters.fd = connection;
      connections_->HandleNewConnection(&parameters);
    }
  }

  void read_answers(LineReader& in) {
    bool too_long = false;
    while (const auto line = in.next(too_long)) {
      if (too_long) {
        out_.write(Json::object({{"error", "the line is longer than 16 MiB"}}));
      } else if (!line->empty()) {
        calls_.answer(*line);
      }
    }
  }

  std::shared_ptr<const proto::Schema> schema_;
  LineWriter out_;
  Calls calls_;
  AnyMethod service_;
  int held_ = -1;
  std::unique_ptr<External> connections_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

int run_server(const Options& options) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  ::sigprocmask(SIG_BLOCK, &wanted, nullptr);  // before gRPC starts threads
  const int signals = ::signalfd(-1, &wanted, SFD_CLOEXEC);
  const auto schema = schema_of(options);
  auto started = schema ? base::Result<void>(base::success()) : base::Result<void>(schema.error());
  std::optional<Stub> stub;
  if (started) {
    stub.emplace(options, schema.value());
    started = stub->listen(options);
  }
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    std::fflush(stderr);
    std::_Exit(started.error().code == ErrorCode::invalid ? 2 : 1);
  }
  stub->serve(signals);
  stub->end();
  // gRPC's callback threads may outlive the server by a moment, so nothing is destroyed under them.
  std::_Exit(0);
}

}  // namespace grpc_program
