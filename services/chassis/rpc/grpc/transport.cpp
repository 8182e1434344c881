#include "services/chassis/rpc/grpc/transport.hpp"

#include "services/chassis/rpc/grpc/sides.hpp"
#include "services/chassis/rpc/grpc/wire.hpp"

namespace chassis::rpc {

GrpcTransport::GrpcTransport(std::vector<base::Executor> executors) : executors_(std::move(executors)) {
  log_as_json();
}

base::Result<std::unique_ptr<Server>> GrpcTransport::serve(const std::string& address, std::uint16_t port,
                                                           Methods methods) {
  return serve_grpc(executors_, address, port, std::move(methods));
}

std::unique_ptr<Channel> GrpcTransport::connect(const std::string& address_and_port) {
  return connect_grpc(address_and_port);
}

}  // namespace chassis::rpc
