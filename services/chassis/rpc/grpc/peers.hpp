#pragma once
// Who is connected to a port of this machine, as gRPC names them. Internal to rpc/grpc.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace chassis::rpc {

// Each as "ipv4:127.0.0.1:40000": what grpc::ServerContext::peer() says. The kernel is asked for those that are
// established, since its table as text has all that have ended lately too, and takes seconds to read when there are
// many. gRPC itself does not tell when a client has closed its connection.
std::set<std::string> connected_peers(std::uint16_t port);

// The one at the other end of a connection.
std::string peer_of(int fd);

// The same as connected_peers from the text of that table, /proc/net/tcp.
std::set<std::string> established(std::string_view table, std::uint16_t port);

}  // namespace chassis::rpc
