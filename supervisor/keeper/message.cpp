#include "supervisor/keeper/message.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace keeper {
namespace {

using base::ErrorCode;

constexpr std::size_t max_inline_bytes = 32 * 1024;
constexpr char in_memfd = '\x80';  // set in the kind: the rest is in the first descriptor

base::Error socket_error(const char* what) {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return base::fail(ErrorCode::conflict, "not now");
  const bool gone = errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN;
  return base::fail(gone ? ErrorCode::unavailable : ErrorCode::internal,
                    std::string(what) + ": " + std::strerror(errno));
}

base::Result<posix::Descriptor> into_memfd(const std::string& bytes) {
  posix::Descriptor file(::memfd_create("msctl-message", MFD_CLOEXEC));
  if (!file) return socket_error("no memory for a message");
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t put = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (put < 0) return socket_error("no memory for a message");
    done += static_cast<std::size_t>(put);
  }
  return file;
}

base::Result<std::string> from_memfd(int file) {
  struct stat info {};
  if (::fstat(file, &info) != 0 || info.st_size < 0 || static_cast<std::size_t>(info.st_size) > max_message_bytes) {
    return base::fail(ErrorCode::malformed, "a message is too large");
  }
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = ::pread(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got <= 0) return base::fail(ErrorCode::malformed, "a message was cut");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

// Room for max_descriptors in an ancillary message.
union Ancillary {
  cmsghdr header;
  std::array<char, CMSG_SPACE(sizeof(int) * max_descriptors)> bytes;
};

std::vector<posix::Descriptor> take_descriptors(msghdr& header) {
  std::vector<posix::Descriptor> taken;
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::array<int, max_descriptors> fds{};
    std::memcpy(fds.data(), CMSG_DATA(one), sizeof(int) * std::min(count, fds.size()));
    for (std::size_t i = 0; i < std::min(count, fds.size()); ++i) taken.emplace_back(fds.at(i));
  }
  return taken;
}

}  // namespace

std::string pack(const std::vector<std::string>& parts) {
  std::string bytes;
  for (const auto& part : parts) {
    const auto size = static_cast<std::uint32_t>(part.size());
    bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
    bytes.append(part);
  }
  return bytes;
}

bool unpack(std::string_view bytes, std::vector<std::string>& parts) {
  while (!bytes.empty()) {
    std::uint32_t size = 0;
    if (bytes.size() < sizeof size) return false;
    std::memcpy(&size, bytes.data(), sizeof size);
    bytes.remove_prefix(sizeof size);
    if (bytes.size() < size) return false;
    parts.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return true;
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() ? value : 0;
}

base::Result<void> send(int socket, Kind kind, const std::vector<std::string>& parts,
                        const std::vector<int>& descriptors, bool wait) {
  std::string bytes = pack(parts);
  std::vector<int> fds = descriptors;
  posix::Descriptor file;
  char first = static_cast<char>(kind);
  if (bytes.size() > max_inline_bytes) {
    TRY(file, into_memfd(bytes));
    fds.insert(fds.begin(), file.get());
    first = static_cast<char>(first | in_memfd);
    bytes.clear();
  }
  if (fds.size() > max_descriptors) return base::fail(ErrorCode::too_large, "too many descriptors in one message");
  bytes.insert(bytes.begin(), first);
  iovec block{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_iov = &block;
  header.msg_iovlen = 1;
  Ancillary ancillary{};
  if (!fds.empty()) {
    header.msg_control = ancillary.bytes.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(rights), fds.data(), sizeof(int) * fds.size());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return socket_error("cannot send");
  return base::success();
}

base::Result<Message> receive(int socket) {
  std::string bytes(max_inline_bytes + 1024, '\0');
  iovec block{bytes.data(), bytes.size()};
  Ancillary ancillary{};
  msghdr header{};
  header.msg_iov = &block;
  header.msg_iovlen = 1;
  header.msg_control = ancillary.bytes.data();
  header.msg_controllen = ancillary.bytes.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return socket_error("cannot receive");
  Message message;
  message.descriptors = take_descriptors(header);
  if (got == 0) return base::fail(ErrorCode::unavailable, "the other side is gone");
  bytes.resize(static_cast<std::size_t>(got));
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return base::fail(ErrorCode::malformed, "a message was cut");
  const bool outside = (bytes[0] & in_memfd) != 0;
  message.kind = static_cast<Kind>(bytes[0] & ~in_memfd);
  bytes.erase(0, 1);
  if (outside) {
    if (message.descriptors.empty()) return base::fail(ErrorCode::malformed, "a message has no content");
    TRY(bytes, from_memfd(message.descriptors.front().get()));
    message.descriptors.erase(message.descriptors.begin());
  }
  if (!unpack(bytes, message.parts)) return base::fail(ErrorCode::malformed, "a message cannot be read");
  return message;
}

}  // namespace keeper
