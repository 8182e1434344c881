#include "services/chassis/rpc/grpc/peers.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "base/descriptor.hpp"

namespace chassis::rpc {
namespace {

constexpr std::string_view established_state = "01";
constexpr std::uint32_t established_number = 1;  // TCP_ESTABLISHED

std::string name_of(const in_addr& address, std::uint16_t port) {
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &address, text.data(), text.size());
  return std::string("ipv4:") + text.data() + ":" + std::to_string(port);
}

// One part of the answer. True: there is more; empty: the kernel refused.
std::optional<bool> take_part(const nlmsghdr* message, std::size_t size, std::set<std::string>& peers) {
  for (; NLMSG_OK(message, size); message = NLMSG_NEXT(message, size)) {
    if (message->nlmsg_type == NLMSG_DONE) return false;
    if (message->nlmsg_type == NLMSG_ERROR) return std::nullopt;
    const auto* seen = static_cast<const inet_diag_msg*>(NLMSG_DATA(message));
    peers.insert(name_of(in_addr{seen->id.idiag_dst[0]}, ntohs(seen->id.idiag_dport)));
  }
  return true;
}

// sock_diag(7), which looks at the port and the state itself. Empty where that is not to be had.
std::optional<std::set<std::string>> ask_kernel(std::uint16_t port) {
  const base::Descriptor socket(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  const timeval patience{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  struct {
    nlmsghdr header;
    inet_diag_req_v2 wanted;
  } request{};
  request.header = {sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0};
  request.wanted.sdiag_family = AF_INET;
  request.wanted.sdiag_protocol = IPPROTO_TCP;
  request.wanted.idiag_states = 1U << established_number;
  request.wanted.id.idiag_sport = htons(port);
  if (::send(socket.get(), &request, sizeof request, 0) < 0) return std::nullopt;
  std::set<std::string> peers;
  for (;;) {
    alignas(nlmsghdr) std::array<char, 32'768> part;
    const auto size = ::recv(socket.get(), part.data(), part.size(), 0);
    if (size <= 0) return std::nullopt;
    const auto* first = reinterpret_cast<const nlmsghdr*>(part.data());
    const auto more = take_part(first, static_cast<std::size_t>(size), peers);
    if (!more) return std::nullopt;
    if (!*more) return peers;
  }
}

std::uint32_t hex(std::string_view text) {
  std::uint32_t value = 0;
  for (const char c : text) {
    const auto digit = std::string_view("0123456789ABCDEF").find(c);
    if (digit == std::string_view::npos) return 0;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

// "0100007F:9C40" holds the address as the kernel has it in memory, the port as a number.
std::string name_of(std::string_view endpoint) {
  const auto colon = endpoint.find(':');
  return name_of(in_addr{hex(endpoint.substr(0, colon))}, static_cast<std::uint16_t>(hex(endpoint.substr(colon + 1))));
}

}  // namespace

std::set<std::string> established(std::string_view table, std::uint16_t port) {
  std::set<std::string> peers;
  std::istringstream lines{std::string(table)};
  std::string line;
  std::getline(lines, line);  // the titles
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string number;
    std::string local;
    std::string remote;
    std::string state;
    words >> number >> local >> remote >> state;
    const auto colon = local.find(':');
    if (state != established_state || colon == std::string::npos || remote.find(':') == std::string::npos) continue;
    if (hex(std::string_view(local).substr(colon + 1)) == port) peers.insert(name_of(remote));
  }
  return peers;
}

std::string peer_of(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  return name_of(name.sin_addr, ntohs(name.sin_port));
}

std::set<std::string> connected_peers(std::uint16_t port) {
  if (auto peers = ask_kernel(port)) return std::move(*peers);
  std::ifstream file("/proc/self/net/tcp");
  const std::string table{std::istreambuf_iterator<char>(file), {}};
  return established(table, port);
}

}  // namespace chassis::rpc
