#pragma once
// An HTTP/1.1 server over TCP or a Unix socket. Framing is the strictest reading of RFC 9112: what two parsers could
// read in two ways is answered with 400 and the connection is closed.
//
// A Server belongs to one io_context and its thread; several Servers, each with its own io_context, may share one
// listening descriptor (dup). The handler runs on that thread and must not throw.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace base::http {

struct ServerLimits {
  std::size_t header_bytes = 60 * 1024;              // 431 above (Envoy's default)
  std::size_t header_count = 100;                    // 431 above (Envoy's default)
  std::size_t target_bytes = 8 * 1024;               // 414 above
  std::size_t body_bytes = 1024 * 1024;              // 413 above
  std::chrono::milliseconds header_timeout{10'000};  // from first byte to end of header: 408
  std::chrono::milliseconds body_timeout{30'000};    // for the body: 408
  std::chrono::milliseconds idle_timeout{75'000};    // between requests of a kept connection
  std::chrono::milliseconds write_timeout{30'000};   // for the peer to take an answer
  std::size_t connections = 1024;  // open at once; a new one then closes the longest idle one, or waits
};

using Handler = std::function<Task<Response>(Request)>;

// Makes the answer to a request that never reached the handler (bad framing, too large, too slow), so that every error
// has the application's one shape. `request` is what was read of it, possibly nothing; `detail` a sentence for the
// client.
using ErrorBody = std::function<Response(int status, std::string_view detail, const Request& request)>;

// A bound, listening, CLOEXEC, non-blocking socket. Moves; closes on destruction.
class Listener {
 public:
  Listener() = default;  // nothing
  // Errors: unavailable with who-can-fix-it text when the port is taken. No SO_REUSEPORT: a second owner must fail.
  static Result<Listener> tcp(const std::string& address, std::uint16_t port);
  // Fails when the path exists. Works for paths longer than sun_path. The folder decides who may connect.
  static Result<Listener> unix_socket(const std::string& path);
  // Takes over the descriptor of a socket that somebody else has bound and keeps open, even when this fails. Errors:
  // invalid, with what is wrong, unless it is a listening TCP socket.
  static Result<Listener> inherited(int fd);
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener();
  int fd() const { return fd_; }
  bool is_inherited() const { return inherited_; }
  std::uint16_t port() const;  // the real one when 0 was asked for; 0 for Unix sockets

 private:
  explicit Listener(int fd) : fd_(fd) {}
  int fd_ = -1;
  bool inherited_ = false;
};

// A client that uses a kept connection within this time after its last answer never meets one that a draining server
// has closed, given a lame duck as long.
inline constexpr std::chrono::milliseconds recent_use{1'000};

class Server {
 public:
  // Accepts on a dup of `listener`. `handler` and `error_body` are kept for the Server's life.
  Server(boost::asio::io_context& io, const Listener& listener, ServerLimits limits, Handler handler,
         ErrorBody error_body);
  ~Server();
  Server(const Server&) = delete;

  void start();
  // Stops accepting; answers from now on carry `Connection: close`. For the time of `lame_duck` idle connections stay
  // open, so that a request that is on its way is answered and its client told to go elsewhere; this ends early once
  // every connection that was used within `recent_use` has been told. Then idle connections are closed. Done when no
  // request is running, or at `deadline`, after which the rest is cut.
  //
  // What waits in the listening socket's queue is answered as well, unless the socket was inherited: then it belongs to
  // the next process.
  Task<> drain(std::chrono::milliseconds deadline, std::chrono::milliseconds lame_duck = {});
  std::size_t open_connections() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace base::http
