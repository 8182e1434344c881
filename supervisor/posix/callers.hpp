#pragma once
// Whose process is at the other end of a connection on 127.0.0.1: by the kernel's table of sockets and the descriptors
// of the cluster's processes in /proc. Processes of other users, as in most containers, cannot be told. One thread.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace posix {

class Callers {
 public:
  // `state` tells this cluster's processes from others: their MSCTL_STATE.
  explicit Callers(std::filesystem::path state) : state_(std::move(state)) {}

  // Whether the socket at `peer`, connected to `port`, is one of the service's processes (their MSCTL_SERVICE).
  bool is_of(std::uint16_t peer, std::uint16_t port, const std::string& service);

 private:
  bool holds(const std::string& service, const std::string& socket) const;
  void look_around();

  std::filesystem::path state_;
  std::map<std::string, std::vector<pid_t>> processes_;  // by service
  std::chrono::steady_clock::time_point looked_at_{};
};

// The inode of the socket 127.0.0.1:`from` that is connected to 127.0.0.1:`to`; 0 when there is none.
std::uint64_t socket_inode(std::uint16_t from, std::uint16_t to);

}  // namespace posix
