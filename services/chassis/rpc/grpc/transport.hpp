#pragma once
// gRPC behind the rpc port, without its headers. gRPC owns threads; handlers nevertheless run on the given executors,
// in turn, and a caller resumes on its own. Thread-safe. The executors' io_contexts outlive every Server, and whatever
// a call waits for.
//
// A server also answers grpc.health.v1. Errors travel as the nearest gRPC status with the exact code in the trailing
// metadata `x-error-code`, fields in `x-error-fields-bin` and retry_after in `x-retry-after` (seconds).
//
// gRPC fails the calls that reach a server between its shutdown and the moment in which the client has read its GOAWAY.
// So a server on a held socket, where another process takes over, first tells its clients with each answer (trailing
// metadata `x-going-away`) and goes on answering meanwhile; a client then makes a new connection for its next calls.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/http/server.hpp"
#include "services/chassis/rpc/rpc.hpp"

namespace chassis::rpc {

class GrpcTransport final : public Transport {
 public:
  // At least one executor when serve() is used.
  explicit GrpcTransport(std::vector<base::Executor> executors);

  // serve() on that socket's port will accept from it instead of binding.
  void adopt(base::http::Listener held);

  base::Result<std::unique_ptr<Server>> serve(const std::string& address, std::uint16_t port, Methods methods) override;
  std::unique_ptr<Channel> connect(const std::string& addresses) override;

 private:
  std::vector<base::Executor> executors_;
  std::map<std::uint16_t, base::http::Listener> held_;  // by port
};

}  // namespace chassis::rpc
