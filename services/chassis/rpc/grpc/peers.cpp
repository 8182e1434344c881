#include "services/chassis/rpc/grpc/peers.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

namespace chassis::rpc {
namespace {

constexpr std::string_view established_state = "01";

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
  const auto address = hex(endpoint.substr(0, colon));
  std::string name = "ipv4:";
  for (const unsigned shift : {0U, 8U, 16U, 24U}) {
    name += std::to_string((address >> shift) & 255U) + (shift == 24 ? ":" : ".");
  }
  return name + std::to_string(hex(endpoint.substr(colon + 1)));
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
  std::array<char, INET_ADDRSTRLEN> text{};
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  ::inet_ntop(AF_INET, &name.sin_addr, text.data(), text.size());
  return std::string("ipv4:") + text.data() + ":" + std::to_string(ntohs(name.sin_port));
}

std::set<std::string> connected_peers(std::uint16_t port) {
  std::ifstream file("/proc/self/net/tcp");
  const std::string table{std::istreambuf_iterator<char>(file), {}};
  return established(table, port);
}

}  // namespace chassis::rpc
