#include "supervisor/posix/held_sockets.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/http/server.hpp"

namespace posix {
namespace {

std::uint16_t port_of(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0 || name.sin_family != AF_INET) return 0;
  return ntohs(name.sin_port);
}

}  // namespace

base::Result<int> HeldSockets::open(const std::string& service, const std::string& name, std::uint16_t port) {
  auto& sockets = held_[service];
  const auto known = sockets.find(name);
  if (known != sockets.end() && known->second.port == port) return known->second.socket.get();
  TRY(const auto listener, base::http::Listener::tcp("127.0.0.1", port));
  Descriptor socket(::fcntl(listener.fd(), F_DUPFD_CLOEXEC, 3));
  if (!socket) return base::fail(base::ErrorCode::unavailable, "no descriptor for a socket is left");
  ::fcntl(socket.get(), F_SETFL, 0);  // blocking, as systemd hands sockets over: a simple program may just accept
  sockets[name] = Held{std::move(socket), port};
  return sockets[name].socket.get();
}

void HeldSockets::adopt(const std::string& service, const std::string& name, int fd) {
  Descriptor socket(fd);
  const std::uint16_t port = port_of(fd);
  auto& sockets = held_[service];
  if (!sockets.contains(name)) sockets[name] = Held{std::move(socket), port};
}

int HeldSockets::release(const std::string& service, const std::string& name) {
  auto& sockets = held_.at(service);
  const int fd = sockets.at(name).socket.take();
  sockets.erase(name);
  return fd;
}

bool HeldSockets::has(const std::string& service, const std::string& name, std::uint16_t port) const {
  const auto sockets = held_.find(service);
  if (sockets == held_.end()) return false;
  const auto one = sockets->second.find(name);
  return one != sockets->second.end() && one->second.port == port;
}

void HeldSockets::keep_only(const std::string& service, const std::vector<std::string>& names) {
  const auto sockets = held_.find(service);
  if (sockets == held_.end()) return;
  std::erase_if(sockets->second,
                [&](const auto& one) { return std::find(names.begin(), names.end(), one.first) == names.end(); });
}

}  // namespace posix
