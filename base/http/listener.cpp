#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/http/server.hpp"
#include "base/http/unix_path.hpp"

namespace base::http {
namespace {

constexpr int backlog = 1024;

Error listen_error(const std::string& where) {
  const int code = errno;
  return fail(ErrorCode::unavailable, "cannot listen on " + where + ": " + std::strerror(code));
}

}  // namespace

Result<UnixPath> UnixPath::make(const std::string& path) {
  const std::filesystem::path full(path);
  UnixPath result;
  result.folder_ =
      ::open(full.parent_path().empty() ? "." : full.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (result.folder_ < 0) return fail(ErrorCode::unavailable, path + ": " + std::strerror(errno));
  // sun_path holds 108 bytes; through the folder's descriptor any path fits.
  result.text_ = "/proc/self/fd/" + std::to_string(result.folder_) + "/" + full.filename().string();
  if (result.text_.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(ErrorCode::unavailable, path + ": the socket's name is too long");
  }
  return result;
}

UnixPath::~UnixPath() {
  if (folder_ >= 0) ::close(folder_);
}

Result<Listener> Listener::tcp(const std::string& address, std::uint16_t port) {
  const std::string where = address + ":" + std::to_string(port);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1) {
    return fail(ErrorCode::invalid, "cannot listen on " + where + ": not an IPv4 address");
  }
  Listener listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  // SO_REUSEADDR only skips TIME_WAIT; a live owner of the port still makes bind fail.
  ::setsockopt(listener.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (listener.fd_ < 0 || ::bind(listener.fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(listener.fd_, backlog) != 0) {
    return listen_error(where);
  }
  return listener;
}

Result<Listener> Listener::unix_socket(const std::string& path) {
  TRY(const auto short_path, UnixPath::make(path));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, short_path.text().c_str(), short_path.text().size() + 1);
  Listener listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.fd_ < 0 || ::bind(listener.fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(listener.fd_, backlog) != 0) {
    return listen_error(path);
  }
  return listener;
}

Result<Listener> Listener::inherited(int fd) {
  Listener listener(fd);
  listener.inherited_ = true;
  const auto wrong = [fd](const std::string& what) {
    return fail(ErrorCode::invalid, "the inherited descriptor " + std::to_string(fd) + " " + what);
  };
  const auto option = [fd](int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
  };
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return wrong("is not open");
  if (option(SO_TYPE) < 0) return wrong("is not a socket");
  if (option(SO_TYPE) != SOCK_STREAM || option(SO_DOMAIN) != AF_INET) return wrong("is not a TCP socket over IPv4");
  if (option(SO_ACCEPTCONN) != 1) return wrong("is a socket that does not listen");
  // Not blocking, since another process on the same socket may be the one that gets the connection.
  if (::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return wrong(std::string("cannot be set up: ") + std::strerror(errno));
  }
  return listener;
}

Listener::Listener(Listener&& other) noexcept : fd_(std::exchange(other.fd_, -1)), inherited_(other.inherited_) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(inherited_, other.inherited_);
  return *this;
}

Listener::~Listener() {
  if (fd_ >= 0) ::close(fd_);
}

std::uint16_t Listener::port() const {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size) != 0 || name.sin_family != AF_INET) return 0;
  return ntohs(name.sin_port);
}

}  // namespace base::http
