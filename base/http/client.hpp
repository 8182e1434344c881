#pragma once
// An HTTP/1.1 client over TCP or a Unix socket, with a pool of kept connections per target. One Client belongs to one
// io_context and its thread.
//
// A request that failed on a reused connection before any byte of the answer came is sent once more on a new
// connection, if it is idempotent (GET, HEAD, PUT, DELETE, OPTIONS); a server may close an idle connection at any time.
// A non-idempotent request goes out only on a new connection, or on one that was used a moment ago and is proven alive
// (a zero-byte peek): a server of ours that drains keeps such a connection open until it has told the client.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace base::http {

// Where to connect: `unix_path` if not empty, else address and port. A name is looked up anew for each connection;
// that can outlast the timeout when a name server does not answer.
struct Target {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string unix_path = {};
  std::string host = {};  // name for the Host header; empty: the address
};

struct ClientLimits {
  std::chrono::milliseconds connect_timeout{5'000};
  std::size_t response_bytes = 16 * 1024 * 1024;  // header and body together; bad_gateway above
  std::size_t idle_connections = 64;              // kept per target
};

class Client {
 public:
  Client(boost::asio::io_context& io, ClientLimits limits = {});
  ~Client();
  Client(const Client&) = delete;

  // `timeout` covers connecting and the whole exchange. Errors: unavailable (nothing listens, connection lost),
  // timeout, bad_gateway (the answer is not HTTP or too large).
  // Host and Content-Length are set here; the caller's other headers go out as they are.
  Task<Result<Response>> send(Target target, Request request, std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// True when `error` is from a connection that could not be made, so that nothing of the request went out.
bool nothing_was_sent(const Error& error);

// One blocking exchange on a private io_context: for command-line tools.
Result<Response> send_blocking(Target target, Request request, std::chrono::milliseconds timeout);

}  // namespace base::http
