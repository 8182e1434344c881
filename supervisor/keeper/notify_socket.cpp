#include "supervisor/keeper/notify_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace keeper {
namespace {

constexpr std::size_t max_datagram = 4096;

bool is_ours(msghdr& header) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(one), sizeof sender);
    return sender.uid == ::geteuid() || sender.uid == 0;
  }
  return false;
}

}  // namespace

base::Result<void> NotifySocket::open(const std::string& control_path) {
  if (socket_) return base::success();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = control_path.substr(0, control_path.rfind('.')) + ".notify";
  socklen_t size = 0;
  if (path.size() < sizeof address.sun_path) {
    ::unlink(path.c_str());
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    size = sizeof address;
    name_ = path;
  } else {
    // The folder's rights do not guard this one, but the sender's user is checked.
    name_ = "@msctl-notify-" + std::to_string(::getpid());
    std::memcpy(address.sun_path + 1, name_.c_str() + 1, name_.size() - 1);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
  }
  socket_ = posix::Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!socket_ || ::setsockopt(socket_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
      ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    const std::string why = std::strerror(errno);
    socket_ = posix::Descriptor();
    return base::fail(base::ErrorCode::internal, "cannot make the notify socket " + name_ + ": " + why);
  }
  return base::success();
}

std::optional<std::string> NotifySocket::read() {
  while (socket_) {
    std::array<char, max_datagram> text{};
    iovec block{text.data(), text.size()};
    // Room for credentials only: descriptors that come along (sd_notify_barrier) are closed by the kernel.
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> ancillary{};
    msghdr header{};
    header.msg_iov = &block;
    header.msg_iovlen = 1;
    header.msg_control = ancillary.data();
    header.msg_controllen = ancillary.size();
    const ssize_t got = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (is_ours(header)) return std::string(text.data(), static_cast<std::size_t>(got));
  }
  return std::nullopt;
}

void NotifySocket::close() {
  if (!name_.empty() && name_[0] == '/') ::unlink(name_.c_str());
  socket_ = posix::Descriptor();
}

}  // namespace keeper
