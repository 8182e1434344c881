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
// gRPC 1.51 shares its callback threads between all servers and channels and ends them with the last one; a thread that
// is late then drops a reference that is gone, and the process aborts. This keeps one reference for the process's life.
void keep_callback_threads();

std::unique_ptr<Channel> connect_grpc(const std::string& addresses);

}  // namespace chassis::rpc
