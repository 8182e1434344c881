#pragma once
// The port for calls between services: bytes to a named method and bytes back, with deadline and metadata. The bytes
// are serialised protobuf messages; the transport (gRPC) stays behind this port, since it owns threads.
// Thread-safe.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace chassis::rpc {

inline constexpr std::size_t max_message_bytes = 4 * 1024 * 1024;  // of a request or an answer; gRPC's own default

struct Call {
  std::string method;  // `/user.v1.UserService/GetUser`
  std::string body;
  base::http::Headers metadata;  // lower-case names; traceparent, x-request-id
  base::Monotonic deadline;
};

using Handler = std::function<base::Task<base::Result<std::string>>(Call)>;
using Methods = std::map<std::string, Handler>;  // by full method name

// Connections to the instances of one service, opened at first use and reopened by themselves.
class Channel {
 public:
  virtual ~Channel() = default;
  // Errors keep their code, fields and retry_after across the wire. Besides: unavailable (nobody listens, connection
  // lost), timeout (the deadline passed), too_large (the request), internal (the peer broke the protocol, has no such
  // method or threw).
  virtual base::Task<base::Result<std::string>> call(Call call) = 0;
};

class Server {
 public:
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  // New calls are refused as unavailable, running ones end or are cut at the deadline.
  virtual base::Task<> drain(base::Monotonic deadline) = 0;
};

// The transport: gRPC in a running service, in memory in tests.
class Transport {
 public:
  virtual ~Transport() = default;
  // Errors: unavailable when the port is taken (a second server on one port must fail).
  virtual base::Result<std::unique_ptr<Server>> serve(const std::string& address, std::uint16_t port,
                                                      Methods methods) = 0;
  // `addresses` is one address:port, or several separated by commas: calls go in turn to those that accept connections.
  virtual std::unique_ptr<Channel> connect(const std::string& addresses) = 0;
};

}  // namespace chassis::rpc
