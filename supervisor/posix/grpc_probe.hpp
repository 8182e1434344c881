#pragma once
// The client's half of one grpc.health.v1.Health/Check call over HTTP/2 without TLS and without upgrade ("prior
// knowledge"), as bytes out and bytes in: no socket, no clock. See
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and doc/health-checking.md there.
// gRPC itself is not linked: it costs every start of msctl 8 ms and 10 MB.

#include <memory>
#include <string>
#include <string_view>

#include "supervisor/ports/prober.hpp"

namespace posix {

class GrpcHealthCheck {
 public:
  // `authority` is HOST:PORT, `service` the name to ask for; empty asks for the server as a whole.
  GrpcHealthCheck(const std::string& authority, const std::string& service);
  ~GrpcHealthCheck();
  GrpcHealthCheck(const GrpcHealthCheck&) = delete;

  // What is to be sent now; empty when there is nothing. Ask again after each take().
  std::string output();
  // Takes what was received, in pieces of any size.
  void take(std::string_view bytes);
  // The answer is there, or there will be none.
  bool done() const;
  ports::Answer answer() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace posix
