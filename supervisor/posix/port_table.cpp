#include "supervisor/posix/port_table.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "supervisor/posix/file.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace posix {
namespace {

constexpr const char* listening = "0A";  // TCP_LISTEN in /proc/net/tcp

bool can_bind(std::uint16_t port) {
  const Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(probe.get(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)) == 0 || errno != EADDRINUSE;
}

// Inodes of the sockets that listen on the port.
std::set<std::string> listeners(const char* table, std::uint16_t port) {
  std::set<std::string> inodes;
  std::istringstream lines(read_small_file(table));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::array<std::string, 10> field;
    for (auto& value : field) fields >> value;
    const auto colon = field[1].rfind(':');
    if (colon == std::string::npos || field[3] != listening) continue;
    if (std::stoul(field[1].substr(colon + 1), nullptr, 16) == port) inodes.insert("socket:[" + field[9] + "]");
  }
  return inodes;
}

bool holds_one_of(pid_t pid, const std::set<std::string>& inodes) {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/" + std::to_string(pid) + "/fd", error);
  if (error) return false;
  for (auto file = files; file != std::filesystem::directory_iterator(); file.increment(error)) {
    const auto target = std::filesystem::read_symlink(file->path(), error);
    if (!error && inodes.contains(target.string())) return true;
    if (error) error.clear();
  }
  return false;
}

}  // namespace

std::optional<ports::PortOwner> PortTable::owner(std::uint16_t port) {
  if (can_bind(port)) return std::nullopt;
  auto inodes = listeners("/proc/net/tcp", port);
  inodes.merge(listeners("/proc/net/tcp6", port));
  if (inodes.empty()) return std::nullopt;  // a connection's own end, gone before long: the service's bind decides
  for (const pid_t pid : all_processes()) {
    if (holds_one_of(pid, inodes)) return ports::PortOwner{pid, command_line(pid)};
  }
  return ports::PortOwner{};
}

}  // namespace posix
