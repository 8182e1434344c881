#pragma once
// The two sides of the transport, each in a file of its own because of the weight of gRPC's headers. Internal to
// rpc/grpc.

#include <optional>

#include "base/http/server.hpp"
#include "services/chassis/rpc/rpc.hpp"

namespace chassis::rpc {

base::Result<std::unique_ptr<Server>> serve_grpc(std::vector<base::Executor> executors, const std::string& address,
                                                 std::uint16_t port, std::optional<base::http::Listener> held,
                                                 Methods methods);
std::unique_ptr<Channel> connect_grpc(const std::string& addresses);

}  // namespace chassis::rpc
