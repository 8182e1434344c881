#include "services/chassis/rpc/grpc/transport.hpp"

#include "services/chassis/rpc/grpc/sides.hpp"
#include "services/chassis/rpc/grpc/wire.hpp"

namespace chassis::rpc {

GrpcTransport::GrpcTransport(std::vector<base::Executor> executors) : executors_(std::move(executors)) {
  log_as_json();
  keep_callback_threads();
}

base::Result<std::unique_ptr<Server>> GrpcTransport::serve(const std::string& address, std::uint16_t port,
                                                           Methods methods) {
  std::optional<base::http::Listener> held;
  if (auto found = held_.extract(port)) held = std::move(found.mapped());
  return serve_grpc(executors_, address, port, std::move(held), std::move(methods));
}

void GrpcTransport::adopt(base::http::Listener held) { held_.insert_or_assign(held.port(), std::move(held)); }

std::unique_ptr<Channel> GrpcTransport::connect(const std::string& addresses) { return connect_grpc(addresses); }

}  // namespace chassis::rpc
