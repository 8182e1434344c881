#include "services/chassis/host/lifecycle.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

namespace chassis {

NotifyLifecycle::NotifyLifecycle() {
  if (const char* name = std::getenv("NOTIFY_SOCKET")) socket_ = name;
}

void NotifyLifecycle::send(const std::string& state) const {
  sockaddr_un name{};
  if (socket_.empty() || socket_.size() >= sizeof name.sun_path) return;
  name.sun_family = AF_UNIX;
  socket_.copy(name.sun_path, socket_.size());
  if (name.sun_path[0] == '@') name.sun_path[0] = '\0';  // Linux's abstract namespace
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&name), size);
  ::close(fd);
}

}  // namespace chassis
