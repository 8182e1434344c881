#include "supervisor/posix/callers.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "supervisor/posix/file.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace posix {
namespace {

constexpr std::chrono::milliseconds stale{100};

struct DiagRequest {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

// sock_diag(7): one answer for one connection, however many there are. Not every kernel offers it.
std::uint64_t ask_kernel(std::uint16_t from, std::uint16_t to) {
  const Descriptor netlink(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return 0;
  DiagRequest request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.body.sdiag_family = AF_INET;
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = ~0U;
  request.body.id.idiag_sport = htons(from);
  request.body.id.idiag_dport = htons(to);
  request.body.id.idiag_src[0] = htonl(INADDR_LOOPBACK);
  request.body.id.idiag_dst[0] = htonl(INADDR_LOOPBACK);
  request.body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (::send(netlink.get(), &request, sizeof request, 0) < 0) return 0;
  alignas(nlmsghdr) std::array<char, 4096> answer{};
  const ssize_t got = ::recv(netlink.get(), answer.data(), answer.size(), 0);
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
  const bool is_one =
      got >= static_cast<ssize_t>(NLMSG_LENGTH(sizeof(inet_diag_msg))) && header->nlmsg_type == SOCK_DIAG_BY_FAMILY;
  return is_one ? static_cast<const inet_diag_msg*>(NLMSG_DATA(header))->idiag_inode : 0;
}

// The same from a list of all.
std::uint64_t read_table(std::uint16_t from, std::uint16_t to) {
  std::ifstream table("/proc/net/tcp");
  const auto is_port = [](const std::string& address, std::uint16_t port) {
    const auto colon = address.rfind(':');
    return colon != std::string::npos && std::stoul(address.substr(colon + 1), nullptr, 16) == port;
  };
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::array<std::string, 10> field;
    for (auto& value : field) fields >> value;
    if (is_port(field[1], from) && is_port(field[2], to)) return std::stoull(field[9]);
  }
  return 0;
}

}  // namespace

std::uint64_t socket_inode(std::uint16_t from, std::uint16_t to) {
  const auto inode = ask_kernel(from, to);
  return inode != 0 ? inode : read_table(from, to);
}

bool Callers::is_of(std::uint16_t peer, std::uint16_t port, const std::string& service) {
  const auto inode = socket_inode(peer, port);
  if (inode == 0) return false;
  const std::string socket = "socket:[" + std::to_string(inode) + "]";
  if (holds(service, socket)) return true;
  if (std::chrono::steady_clock::now() - looked_at_ < stale) return false;
  look_around();
  return holds(service, socket);
}

bool Callers::holds(const std::string& service, const std::string& socket) const {
  const auto found = processes_.find(service);
  if (found == processes_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](pid_t pid) {
    std::error_code error;
    std::filesystem::directory_iterator file("/proc/" + std::to_string(pid) + "/fd", error);
    for (; !error && file != std::filesystem::directory_iterator(); file.increment(error)) {
      std::error_code unreadable;
      if (std::filesystem::read_symlink(file->path(), unreadable).string() == socket) return true;
    }
    return false;
  });
}

void Callers::look_around() {
  processes_.clear();
  for (const pid_t pid : all_processes()) {
    if (environment_value(pid, "MSCTL_STATE") != state_.string()) continue;
    processes_[environment_value(pid, "MSCTL_SERVICE")].push_back(pid);
  }
  looked_at_ = std::chrono::steady_clock::now();
}

}  // namespace posix
