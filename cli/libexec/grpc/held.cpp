#include "cli/libexec/grpc/held.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <vector>

namespace grpc_program {
namespace {

constexpr int first_descriptor = 3;

std::string take(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

}  // namespace

base::Result<std::optional<int>> take_held_socket() {
  const auto pid = take("LISTEN_PID");
  const auto count = std::atoi(take("LISTEN_FDS").c_str());
  auto names = take("LISTEN_FDNAMES");
  if (count <= 0 || (!pid.empty() && pid != std::to_string(::getpid()))) return std::optional<int>();
  for (int i = 0; i < count && i < 1024; ++i) {
    const auto colon = names.find(':');
    if (names.substr(0, colon) == "grpc") return std::optional<int>(first_descriptor + i);
    names.erase(0, colon == std::string::npos ? colon : colon + 1);
  }
  if (count == 1) return std::optional<int>(first_descriptor);
  return base::fail(base::ErrorCode::invalid, "LISTEN_FDNAMES: none of the sockets is named grpc; use --fd N");
}

base::Result<Bound> adopt(int descriptor) {
  int listening = 0;
  socklen_t size = sizeof(listening);
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0 ||
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return base::fail(base::ErrorCode::invalid, "descriptor " + std::to_string(descriptor) + " is no listening socket");
  }
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  std::array<char, INET6_ADDRSTRLEN> text{};
  Bound bound;
  if (storage.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(storage);
    bound.port = ntohs(address.sin_port);
    ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
  } else if (storage.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(storage);
    bound.port = ntohs(address.sin6_port);
    ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  }
  bound.address = text.data();
  return bound;
}

}  // namespace grpc_program
