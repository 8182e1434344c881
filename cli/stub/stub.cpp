#include "cli/stub/stub.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/http/server.hpp"
#include "cli/stub/rpc.hpp"

namespace stub {
namespace {

constexpr std::chrono::milliseconds patience{5'000};

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

std::optional<int> number(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  int value = 0;
  const std::string_view view(text);
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  return error == std::errc() && end == view.data() + view.size() ? std::optional(value) : std::nullopt;
}

// sd_notify(3): a successor on held sockets counts as ready by its own word only. Errors are nobody's: without a
// supervisor there is nobody to tell.
void tell_supervisor(const std::string& message) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || *path == '\0' || std::strlen(path) >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  static_cast<void>(
      ::sendto(fd, message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), size));
  ::close(fd);
}

// Descriptors of held sockets by name (sd_listen_fds_with_names).
std::map<std::string, int> held_sockets() {
  std::map<std::string, int> held;
  if (number("LISTEN_PID") == ::getpid()) {
    const char* given = std::getenv("LISTEN_FDNAMES");
    std::string names = given == nullptr ? "" : given;
    for (int fd = 3; fd < 3 + number("LISTEN_FDS").value_or(0); ++fd) {
      held[names.substr(0, names.find(':'))] = fd;
      names.erase(0, std::min(names.find(':'), names.size() - 1) + 1);
    }
  }
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  return held;
}

base::Result<base::http::Listener> http_listener(const std::map<std::string, int>& held, int port) {
  if (const auto found = held.find("http"); found != held.end()) return base::http::Listener::inherited(found->second);
  return base::http::Listener::tcp("127.0.0.1", static_cast<std::uint16_t>(port));
}

base::http::Response refused(int status, std::string_view detail, const base::http::Request& /*request*/) {
  base::http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/problem+json");
  response.body = base::dump_json({{"status", status}, {"detail", detail}});
  return response;
}

base::Task<> until_signal(boost::asio::io_context& io, std::optional<base::http::Server>& server) {
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  static_cast<void>(co_await signals.async_wait(base::use_task));
  tell_supervisor("STOPPING=1");
  if (server) co_await server->drain(patience);
  io.stop();
}

std::unique_ptr<Rpc> start_rpc(const Contracts& contracts, const Answers& answers,
                               const std::map<std::string, int>& held) {
  const auto port = number("PORT_GRPC");
  RpcDoor door;
  if (const auto found = held.find("grpc"); found != held.end()) {
    door.fd = found->second;
  } else if (port) {
    door.address = "127.0.0.1:" + std::to_string(*port);
  } else {
    return nullptr;
  }
  auto started = Rpc::start(contracts, answers, door, say);
  if (started) return std::move(started).value();
  say("no gRPC: " + started.error().message);
  return nullptr;
}

}  // namespace

base::Result<void> run(const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto contracts = find_contracts(options.provider, options.folders);
  for (const auto& broken : contracts.broken) say("left out: " + broken);
  if (contracts.interactions() == 0)
    return base::fail(base::ErrorCode::not_found, why_none(options.provider, contracts));
  const auto held = held_sockets();
  const auto port = number("PORT_HTTP");
  if (!port && !held.contains("http") && !number("PORT_GRPC")) {
    return base::fail(base::ErrorCode::invalid, "the environment names no port: this command is for msctl itself");
  }
  boost::asio::io_context io(1);
  const base::SystemClock clock;
  base::SystemRandom random;
  const Answers answers(contracts, clock, random, "http://127.0.0.1:" + std::to_string(port.value_or(0)), say);
  std::optional<base::http::Listener> listener;
  std::optional<base::http::Server> server;
  if (port || held.contains("http")) {
    TRY(auto bound, http_listener(held, port.value_or(0)));
    listener.emplace(std::move(bound));
    base::http::Handler handler = [&answers](base::http::Request request) -> base::Task<base::http::Response> {
      co_return answers.answer(request);
    };
    server.emplace(io, *listener, base::http::ServerLimits{}, std::move(handler), refused);
    server->start();
  }
  const auto rpc = start_rpc(contracts, answers, held);
  say("a mock of " + options.provider + ", by " + std::to_string(contracts.interactions()) + " interactions of " +
      std::to_string(contracts.pacts.size()) + " contracts");
  tell_supervisor("READY=1\nSTATUS=a mock, by " + std::to_string(contracts.interactions()) + " interactions");
  boost::asio::co_spawn(io, until_signal(io, server), boost::asio::detached);
  io.run();
  return base::success();
}

}  // namespace stub
