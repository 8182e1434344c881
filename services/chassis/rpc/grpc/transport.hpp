#pragma once
// gRPC behind the rpc port, without its headers. gRPC owns threads; handlers nevertheless run on the given executors,
// in turn, and a caller resumes on its own. Thread-safe. The executors' io_contexts outlive every Server, and whatever
// a call waits for.
//
// A server also answers grpc.health.v1. Errors travel as the nearest gRPC status with the exact code in the trailing
// metadata `x-error-code`, fields in `x-error-fields-bin` and retry_after in `x-retry-after` (seconds).

#include <memory>
#include <string>
#include <vector>

#include "services/chassis/rpc/rpc.hpp"

namespace chassis::rpc {

class GrpcTransport final : public Transport {
 public:
  // At least one executor when serve() is used.
  explicit GrpcTransport(std::vector<base::Executor> executors);

  base::Result<std::unique_ptr<Server>> serve(const std::string& address, std::uint16_t port, Methods methods) override;
  std::unique_ptr<Channel> connect(const std::string& address_and_port) override;

 private:
  std::vector<base::Executor> executors_;
};

}  // namespace chassis::rpc
