#include "base/http/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <unordered_map>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "base/http/parser.hpp"
#include "base/http/server.hpp"
#include "base/http/stream.hpp"
#include "base/http/unix_path.hpp"

namespace base::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::string_view cannot_connect = "cannot connect to ";
constexpr std::size_t response_header_bytes = 64 * 1024;

// How long a kept connection is good for a request that cannot be sent twice: below what a server of ours keeps it open
// for when it drains (recent_use), so that the two never cross.
constexpr std::chrono::milliseconds write_reuse{750};
static_assert(write_reuse < recent_use);

std::string where(const Target& target) {
  if (!target.unix_path.empty()) return target.unix_path;
  const bool is_v6 = target.address.find(':') != std::string::npos;
  return (is_v6 ? "[" + target.address + "]" : target.address) + ":" + std::to_string(target.port);
}

std::string host_of(const Target& target) {
  if (!target.unix_path.empty()) return "localhost";
  if (target.host.empty()) return where(target);
  return target.port == 80 ? target.host : target.host + ":" + std::to_string(target.port);
}

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

std::string build_head(const Target& target, const Request& request) {
  std::string head;
  head.reserve(512);
  head.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ");
  head.append(host_of(target)).append("\r\n");
  for (const auto& [name, value] : request.headers) {
    if (iequals(name, "host") || iequals(name, "content-length")) continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  const bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (has_body) head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  head.append("\r\n");
  return head;
}

// One exchange's outcome; `untouched` when no byte of an answer came, so that a retry is safe for idempotent methods.
struct Exchange {
  Result<Response> result = fail(ErrorCode::internal, "no exchange");
  bool untouched = false;
};

}  // namespace

struct Client::Impl {
  struct Connection {
    Connection(asio::io_context& io, Watchdog& dog) : socket(io), watchdog(dog), watch(dog.add(socket)) {}
    ~Connection() { watchdog.remove(watch); }
    Connection(const Connection&) = delete;
    Socket socket;
    Watchdog& watchdog;
    Watchdog::Handle watch;
    ReadBuffer buffer;
    bool reusable = false;
    Monotonic idle_since{};
  };
  using ConnectionPtr = std::unique_ptr<Connection>;

  Impl(asio::io_context& context, ClientLimits limits_in) : io(context), watchdog(context), limits(limits_in) {}

  Task<Result<Response>> send(Target target, Request request, Monotonic deadline) {
    const std::string key = where(target);
    const std::string head = build_head(target, request);
    if (auto kept = take_idle(key, is_idempotent(request.method))) {
      Exchange first = co_await exchange(*kept, key, head, request, deadline);
      if (first.result) give_back(key, std::move(kept));
      const bool again = !first.result && first.untouched && is_idempotent(request.method);
      if (!again) co_return std::move(first.result);
    }
    auto connection = std::make_unique<Connection>(io, watchdog);
    auto connected = co_await connect(*connection, target, deadline);
    if (!connected) co_return std::move(connected).error();
    Exchange only = co_await exchange(*connection, key, head, request, deadline);
    if (only.result) give_back(key, std::move(connection));
    co_return std::move(only.result);
  }

  ConnectionPtr take_idle(const std::string& key, bool idempotent) {
    auto& idle = pools[key];
    while (!idle.empty()) {
      const bool fresh = std::chrono::steady_clock::now() - idle.back()->idle_since < write_reuse;
      if (!idempotent && !fresh) return nullptr;  // the others are older still
      auto connection = std::move(idle.back());
      idle.pop_back();
      if ((idempotent && fresh) || is_alive(*connection)) return connection;
    }
    return nullptr;
  }

  // An idle connection has nothing to read; readable means closed by the peer (or out of step).
  static bool is_alive(Connection& connection) {
    char byte = 0;
    const auto got = ::recv(connection.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  void give_back(const std::string& key, ConnectionPtr connection) {
    auto& idle = pools[key];
    if (!connection->reusable || idle.size() >= limits.idle_connections) return;
    connection->idle_since = std::chrono::steady_clock::now();
    idle.push_back(std::move(connection));
  }

  Task<Result<void>> connect(Connection& connection, const Target& target, Monotonic deadline) {
    asio::generic::stream_protocol::endpoint endpoint;
    if (target.unix_path.empty()) {
      sockaddr_in name{};
      name.sin_family = AF_INET;
      name.sin_port = htons(target.port);
      sockaddr_in6 name6{};
      name6.sin6_family = AF_INET6;
      name6.sin6_port = name.sin_port;
      if (::inet_pton(AF_INET, target.address.c_str(), &name.sin_addr) == 1) {
        endpoint = {&name, sizeof name};
      } else if (::inet_pton(AF_INET6, target.address.c_str(), &name6.sin6_addr) == 1) {
        endpoint = {&name6, sizeof name6};
      } else {
        CO_TRY(endpoint, co_await look_up(target));
      }
      co_return co_await connect_to(connection, endpoint, where(target), deadline);
    }
    CO_TRY(const auto path, UnixPath::make(target.unix_path));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.text().copy(name.sun_path, sizeof name.sun_path - 1);
    endpoint = {&name, sizeof name};
    co_return co_await connect_to(connection, endpoint, where(target), deadline);
  }

  // Asio asks on a thread of its own, made with the first name; IPv4 comes first, since our listeners speak it.
  Task<Result<asio::ip::tcp::endpoint>> look_up(const Target& target) {
    asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver(io);
    error_code error;
    const std::string port = std::to_string(target.port);
    const auto found = co_await resolver.async_resolve(target.address, port, asio::ip::resolver_base::numeric_service,
                                                       error_to(error));
    if (error || found.empty()) {
      co_return fail(ErrorCode::unavailable, std::string(cannot_connect) + where(target) + ": " + error.message());
    }
    auto best = found.begin();
    for (auto it = found.begin(); it != found.end() && !best->endpoint().address().is_v4(); ++it) best = it;
    co_return best->endpoint();
  }

  Task<Result<void>> connect_to(Connection& connection, asio::generic::stream_protocol::endpoint endpoint,
                                std::string name, Monotonic deadline) {
    error_code error;
    watchdog.set(connection.watch, std::min(deadline, std::chrono::steady_clock::now() + limits.connect_timeout));
    connection.socket.open(endpoint.protocol(), error);
    if (!error) co_await connection.socket.async_connect(endpoint, error_to(error));
    if (connection.watch->expired) co_return fail(ErrorCode::timeout, name + " did not accept the connection in time");
    if (error) co_return fail(ErrorCode::unavailable, std::string(cannot_connect) + name + ": " + error.message());
    if (endpoint.protocol().family() != AF_UNIX) {
      const int on = 1;
      ::setsockopt(connection.socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    co_return success();
  }

  Task<Exchange> exchange(Connection& connection, const std::string& name, const std::string& head,
                          const Request& request, Monotonic deadline) {
    watchdog.set(connection.watch, deadline);
    connection.reusable = false;
    Exchange done = co_await exchange_watched(connection, name, head, request);
    if (connection.watch->expired) done = {fail(ErrorCode::timeout, name + " did not answer in time"), false};
    Watchdog::clear(connection.watch);
    co_return done;
  }

  Task<Exchange> exchange_watched(Connection& connection, const std::string& name, const std::string& head,
                                  const Request& request) {
    error_code error;
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(request.body)};
    co_await asio::async_write(connection.socket, parts, error_to(error));
    // A failed write may still be followed by an answer (413 before the body was read), so reading decides.
    Exchange done;
    done.untouched = true;
    Response response;
    do {
      response = {};
      error = co_await read_response(connection, response, request.method == "HEAD", done.untouched);
    } while (!error && response.status / 100 == 1);
    if (error == asio::error::eof || error == asio::error::connection_reset || error == asio::error::broken_pipe ||
        error == asio::error::operation_aborted) {
      done.result = fail(ErrorCode::unavailable, name + " closed the connection: " + error.message());
    } else if (error) {
      done.result = fail(ErrorCode::bad_gateway, name + " did not answer with valid HTTP: " + error.message());
    } else {
      done.result = std::move(response);
    }
    co_return done;
  }

  Task<error_code> read_response(Connection& connection, Response& response, bool head_only, bool& untouched) {
    Parser<false> parser(response, response_header_bytes, limits.response_bytes);
    if (head_only) parser.skip(true);
    error_code error;
    while (!parser.is_done()) {
      if (!connection.buffer.empty()) {
        const auto view = connection.buffer.view();
        connection.buffer.consume(parser.put(asio::buffer(view.data(), view.size()), error));
        if (error == beast_http::error::need_more) error = {};
        if (error) co_return error;
        if (parser.is_done()) break;
      }
      const auto room = connection.buffer.prepare(read_chunk);
      const std::size_t size = co_await connection.socket.async_read_some(room, error_to(error));
      connection.buffer.commit(size);
      if (size > 0) untouched = false;
      if (error == asio::error::eof && parser.got_some() && parser.need_eof()) {
        parser.put_eof(error);
        co_return error;
      }
      if (error) co_return error;
    }
    connection.reusable = parser.keep_alive() && connection.buffer.empty();
    co_return error;
  }

  asio::io_context& io;
  Watchdog watchdog;
  ClientLimits limits;
  std::unordered_map<std::string, std::vector<ConnectionPtr>> pools;
};

Client::Client(asio::io_context& io, ClientLimits limits) : impl_(std::make_unique<Impl>(io, limits)) {}
Client::~Client() = default;

Task<Result<Response>> Client::send(Target target, Request request, std::chrono::milliseconds timeout) {
  return impl_->send(std::move(target), std::move(request), std::chrono::steady_clock::now() + timeout);
}

bool nothing_was_sent(const Error& error) {
  return error.code == ErrorCode::unavailable && std::string_view(error.message).starts_with(cannot_connect);
}

Result<Response> send_blocking(Target target, Request request, std::chrono::milliseconds timeout) {
  asio::io_context io(1);
  Client client(io);
  Result<Response> outcome = fail(ErrorCode::cancelled, "the exchange was interrupted");
  auto exchange = [&]() -> Task<> {
    outcome = co_await client.send(std::move(target), std::move(request), timeout);
    io.stop();  // the kept connection would hold it
  };
  asio::co_spawn(io, exchange(), asio::detached);
  io.run();
  return outcome;
}

}  // namespace base::http
