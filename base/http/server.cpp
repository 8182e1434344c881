#include "base/http/server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/write.hpp>

#include "base/http/framing.hpp"
#include "base/http/head.hpp"
#include "base/http/parser.hpp"
#include "base/http/stream.hpp"

namespace base::http {

namespace asio = boost::asio;
using boost::system::error_code;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

namespace {

constexpr std::size_t linger_bytes = 1024UL * 1024 * 1024;  // bounded by linger_time in practice
constexpr std::chrono::seconds linger_time{10};
constexpr std::chrono::milliseconds linger_time_when_draining{500};

// Why a request ended before the handler; status 0 means that the peer just left.
struct Refusal {
  int status = 0;
  std::string detail = {};
};

bool wants_close(const Request& request, bool http10) {
  return http10 || list_contains(request.headers, "connection", "close");
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& context, const Listener& listener, ServerLimits limits_in, Handler handler_in,
       ErrorBody error_body_in)
      : io(context),
        acceptor(context, ::fcntl(listener.fd(), F_DUPFD_CLOEXEC, 3)),
        inherited(listener.is_inherited()),
        watchdog(context),
        changed(context),
        limits(limits_in),
        handler(std::move(handler_in)),
        error_body(std::move(error_body_in)) {}

  // lingering: the last answer is out, the peer's close is awaited.
  enum class Phase : std::uint8_t { idle, reading, answering, lingering };

  struct Connection {
    Connection(asio::io_context& io, asio::generic::stream_protocol protocol, int fd) : socket(io, protocol, fd) {}
    Socket socket;
    ReadBuffer buffer;
    Watchdog::Handle watch{};
    Phase phase = Phase::reading;
    Monotonic idle_since = std::chrono::steady_clock::now();
    bool closing = false;  // was told to make room
    std::string peer;
    int peer_uid = -1;
    std::string head;  // reused for each answer
  };

  Task<> accept_loop() {
    for (;;) {
      error_code error;
      if (connections.size() >= limits.connections && !close_longest_idle()) {
        co_await wait_for_change(Monotonic::max());
        if (draining) co_return;
        continue;
      }
      co_await acceptor.async_wait(asio::posix::descriptor_base::wait_read, error_to(error));
      if (error || draining) co_return;
      accept_some();
      if (out_of_descriptors) {
        // Without a pause the pending connection would wake us at once, again and again.
        out_of_descriptors = false;
        close_longest_idle();
        co_await wait_for_change(std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
        if (draining) co_return;
      }
    }
  }

  // How many may be accepted now: at the limit one, in place of the idle one that is closing.
  std::size_t accept_room() const {
    return limits.connections > connections.size() ? limits.connections - connections.size() : 1;
  }

  void accept_some() {
    for (std::size_t room = accept_room(); room > 0; --room) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const int fd = ::accept4(acceptor.native_handle(), reinterpret_cast<sockaddr*>(&address), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        out_of_descriptors = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return;
      }
      if (address.ss_family == AF_INET) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      const asio::generic::stream_protocol protocol(address.ss_family, 0);
      auto connection = std::make_shared<Connection>(io, protocol, fd);
      connection->peer = peer_name(fd, connection->peer_uid);
      connection->watch = watchdog.add(connection->socket);
      // Here and not in run(), which starts a little later: a drain in between must see it.
      const auto place = connections.insert(connections.end(), connection.get());
      asio::co_spawn(io, run(shared_from_this(), std::move(connection), place), asio::detached);
    }
  }

  static Task<> run(std::shared_ptr<Impl> self, std::shared_ptr<Connection> connection,
                    std::list<Connection*>::iterator place) {
    co_await self->serve(*connection);
    self->connections.erase(place);
    self->watchdog.remove(connection->watch);
    self->changed.cancel();
  }

  Task<> serve(Connection& connection) {
    for (bool keep = true; keep;) {
      Request request;
      bool http10 = false;
      const Refusal refusal = co_await read_request(connection, request, http10);
      if (refusal.status != 0) {
        co_await refuse(connection, refusal, request);
        co_return;
      }
      if (request.method.empty()) co_return;
      connection.phase = Phase::answering;
      Watchdog::clear(connection.watch);
      const bool last = wants_close(request, http10);
      const bool head_only = request.method == "HEAD";
      Response response = co_await answer(std::move(request));
      // While draining, a pipelined request that has come already is still answered.
      keep = !last && (!draining || (in_lame_duck && !connection.buffer.empty()));
      if (!co_await write(connection, response, keep, head_only)) co_return;
      if (!keep && !last) co_await linger(connection);  // the peer may have sent more, not knowing
    }
  }

  Task<Response> answer(Request request) {
    try {
      co_return co_await handler(std::move(request));
    } catch (const std::exception&) {
      // A handler must not throw; if one does, this request alone fails.
    }
    const Request unknown;
    co_return error_body(500, "the request failed inside the server", unknown);
  }

  // Status 0 and an empty method when the peer left between requests.
  Task<Refusal> read_request(Connection& connection, Request& request, bool& http10) {
    request.method.clear();
    const auto now = std::chrono::steady_clock::now();
    connection.idle_since = now;
    connection.phase = connection.buffer.empty() ? Phase::idle : Phase::reading;
    if (connection.phase == Phase::idle && draining && !in_lame_duck) co_return Refusal{};
    watchdog.set(connection.watch,
                 now + (connection.phase == Phase::idle ? limits.idle_timeout : limits.header_timeout));
    std::size_t head_size = 0;
    for (;;) {
      skip_empty_lines(connection.buffer);
      if (find_head(connection.buffer.view(), head_size)) break;
      if (is_hopeless(connection.buffer.view())) co_return Refusal{400, "this is not an HTTP request"};
      if (connection.buffer.view().size() > limits.header_bytes) co_return Refusal{431, "the header is too large"};
      const bool got = co_await read_some(connection);
      if (!got) {
        const bool late = connection.watch->expired && connection.phase == Phase::reading;
        co_return late ? Refusal{408, "the request header did not arrive in time"} : Refusal{};
      }
      if (connection.phase == Phase::idle) {
        connection.phase = Phase::reading;
        watchdog.set(connection.watch, std::chrono::steady_clock::now() + limits.header_timeout);
      }
    }
    if (head_size > limits.header_bytes) co_return Refusal{431, "the header is too large"};
    const auto head = connection.buffer.view().substr(0, head_size);
    auto verdict = check_request_head(head, {limits.target_bytes, limits.header_count});
    if (verdict.status != 0) co_return Refusal{verdict.status, std::move(verdict.detail)};
    http10 = head.substr(0, head.find("\r\n")).ends_with("HTTP/1.0");
    co_return co_await read_body(connection, request, head_size);
  }

  Task<Refusal> read_body(Connection& connection, Request& request, std::size_t head_size) {
    Parser<true> parser(request, limits.header_bytes + 4, limits.body_bytes);
    error_code error;
    const auto head = connection.buffer.view().substr(0, head_size);
    connection.buffer.consume(parser.put(asio::buffer(head.data(), head.size()), error));
    if (error == beast_http::error::need_more) error = {};
    if (!error && !parser.is_done()) {
      watchdog.set(connection.watch, std::chrono::steady_clock::now() + limits.body_timeout);
      if (iequals(request.headers.get("expect"), "100-continue") && connection.buffer.empty()) {
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await asio::async_write(connection.socket, asio::buffer(go_on), error_to(error));
        if (error) co_return Refusal{};
      }
    }
    while (!error && !parser.is_done()) {
      if (!connection.buffer.empty()) {
        const auto view = connection.buffer.view();
        connection.buffer.consume(parser.put(asio::buffer(view.data(), view.size()), error));
        if (error == beast_http::error::need_more) error = {};
        if (error || parser.is_done()) break;
      }
      const bool got = co_await read_some(connection);
      if (!got) {
        request.method.clear();
        co_return connection.watch->expired ? Refusal{408, "the request body did not arrive in time"} : Refusal{};
      }
    }
    if (error == beast_http::error::body_limit) {
      co_return Refusal{413, "the request body is larger than " + std::to_string(limits.body_bytes) + " bytes"};
    }
    if (error) co_return Refusal{400, "the request is not valid HTTP: " + error.message()};
    to_origin_form(request.target);
    request.peer = connection.peer;
    request.peer_uid = connection.peer_uid;
    co_return Refusal{};
  }

  // Some clients end a body with an empty line that is not part of it (RFC 9112 §2.2).
  static void skip_empty_lines(ReadBuffer& buffer) {
    while (buffer.view().starts_with("\r\n")) buffer.consume(2);
  }

  static bool find_head(std::string_view data, std::size_t& size) {
    const auto end = data.find("\r\n\r\n");
    if (end == std::string_view::npos) return false;
    size = end + 4;
    return true;
  }

  Task<bool> read_some(Connection& connection) {
    error_code error;
    const auto room = connection.buffer.prepare(read_chunk);
    std::size_t size = co_await connection.socket.async_read_some(room, error_to(error));
    if (error == asio::error::operation_aborted && connection.phase == Phase::idle) {
      // An idle connection is to be closed, but a request may have come in just now.
      const auto got = ::recv(connection.socket.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
      if (got > 0) {
        size = static_cast<std::size_t>(got);
        error = {};
        connection.closing = false;
      }
    }
    connection.buffer.commit(size);
    co_return !error && size > 0;
  }

  Task<bool> write(Connection& connection, const Response& response, bool keep, bool head_only) {
    encode_head(connection.head, response, keep, date.now());
    const bool no_body = head_only || response.status == 204 || response.status == 304;
    const std::array<asio::const_buffer, 2> parts{asio::buffer(connection.head),
                                                  no_body ? asio::const_buffer() : asio::buffer(response.body)};
    error_code error;
    watchdog.set(connection.watch, std::chrono::steady_clock::now() + limits.write_timeout);
    co_await asio::async_write(connection.socket, parts, error_to(error));
    co_return !error;
  }

  // Answers and closes so that the peer can read the answer: closing with unread input would reset the connection.
  Task<> refuse(Connection& connection, const Refusal& refusal, const Request& request) {
    const Response response = error_body(refusal.status, refusal.detail, request);
    connection.phase = Phase::answering;
    if (co_await write(connection, response, false, false)) co_await linger(connection);
  }

  // Reads on until the peer closes.
  Task<> linger(Connection& connection) {
    error_code error;
    connection.phase = Phase::lingering;
    connection.socket.shutdown(asio::socket_base::shutdown_send, error);
    const std::chrono::milliseconds patience = draining ? linger_time_when_draining : linger_time;
    watchdog.set(connection.watch, std::chrono::steady_clock::now() + patience);
    connection.buffer.consume(connection.buffer.view().size());
    std::array<char, read_chunk> dropped{};
    for (std::size_t total = 0; !error && total < linger_bytes;) {
      total += co_await connection.socket.async_read_some(asio::buffer(dropped), error_to(error));
    }
  }

  // `changed` never fires by itself before the deadline: cancelling it is the signal.
  Task<> wait_for_change(Monotonic deadline) {
    error_code ignored;
    changed.expires_at(deadline);
    co_await changed.async_wait(error_to(ignored));
  }

  // Makes room for a new connection; false when none is idle. An idle client connects again when it needs to, while a
  // new one that is not accepted gets no answer at all.
  bool close_longest_idle() {
    Connection* longest = nullptr;
    for (auto* connection : connections) {
      if (connection->phase != Phase::idle || connection->closing) continue;
      if (longest == nullptr || connection->idle_since < longest->idle_since) longest = connection;
    }
    if (longest == nullptr) return false;
    longest->closing = true;
    error_code ignored;
    longest->socket.cancel(ignored);
    return true;
  }

  void close_all() {
    for (auto* connection : connections) {
      error_code ignored;
      connection->socket.cancel(ignored);
      connection->socket.close(ignored);
    }
  }

  void close_idle(bool reading_too) {
    for (auto* connection : connections) {
      if (connection->phase != Phase::idle && !(reading_too && connection->phase == Phase::reading)) continue;
      error_code ignored;
      connection->socket.cancel(ignored);
    }
  }

  void stop_accepting(bool take_the_queue) {
    if (take_the_queue) accept_some();
    error_code ignored;
    acceptor.cancel(ignored);
    acceptor.close(ignored);
    changed.cancel();
  }

  // Until when the lame duck must last for the connections that are open now.
  Monotonic lame_duck_end(Monotonic latest) const {
    Monotonic end = Monotonic::min();
    for (const auto* connection : connections) {
      if (connection->phase == Phase::lingering) continue;
      end = std::max(end, connection->phase == Phase::idle ? connection->idle_since + recent_use : latest);
    }
    return std::min(end, latest);
  }

  Task<> lame_duck(Monotonic latest) {
    for (;;) {
      const auto end = lame_duck_end(latest);
      if (end <= std::chrono::steady_clock::now()) break;
      co_await wait_for_change(end);
    }
    in_lame_duck = false;
  }

  Task<> drain(std::chrono::milliseconds limit, std::chrono::milliseconds lame) {
    const auto self = shared_from_this();
    const auto begin = std::chrono::steady_clock::now();
    const auto deadline = begin + limit;
    const bool patient = lame.count() > 0;
    draining = true;
    in_lame_duck = patient;
    stop_accepting(patient && !inherited);
    for (auto* connection : connections) {
      if (connection->phase == Phase::lingering) watchdog.set(connection->watch, begin + linger_time_when_draining);
    }
    if (patient) co_await lame_duck(std::min(deadline, begin + lame));
    close_idle(!patient);
    while (!connections.empty() && std::chrono::steady_clock::now() < deadline) co_await wait_for_change(deadline);
    close_all();
  }

  asio::io_context& io;
  Descriptor acceptor;
  bool inherited;
  Watchdog watchdog;
  Timer changed;
  ServerLimits limits;
  Handler handler;
  ErrorBody error_body;
  std::list<Connection*> connections;
  bool draining = false;
  bool in_lame_duck = false;
  bool out_of_descriptors = false;
  DateHeader date;
};

Server::Server(asio::io_context& io, const Listener& listener, ServerLimits limits, Handler handler,
               ErrorBody error_body) {
  impl_ = std::make_shared<Impl>(io, listener, limits, std::move(handler), std::move(error_body));
}

Server::~Server() {
  impl_->draining = true;
  error_code ignored;
  impl_->acceptor.cancel(ignored);
  impl_->acceptor.close(ignored);
  impl_->close_all();
}

void Server::start() {
  // Named, since the coroutine outlives this call and must keep the Impl.
  auto loop = [](std::shared_ptr<Impl> self) -> Task<> { co_await self->accept_loop(); };
  asio::co_spawn(impl_->io, loop(impl_), asio::detached);
}

Task<> Server::drain(std::chrono::milliseconds deadline, std::chrono::milliseconds lame_duck) {
  return impl_->drain(deadline, lame_duck);
}

std::size_t Server::open_connections() const { return impl_->connections.size(); }

}  // namespace base::http
