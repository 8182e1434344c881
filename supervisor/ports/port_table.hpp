#pragma once
// Who listens on a TCP port of this machine. One thread.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace ports {

struct PortOwner {
  pid_t pid = 0;        // 0 when it belongs to another user and cannot be seen
  std::string command;  // its command line, shortened
};

// "port 8080 (http) is taken by pid 12 (nginx)".
inline std::string describe_taken(std::uint16_t port, const std::string& name, const PortOwner& owner) {
  const std::string what = "port " + std::to_string(port) + " (" + name + ") is taken by ";
  if (owner.pid == 0) return what + "a process of another user";
  return what + "pid " + std::to_string(owner.pid) + " (" + owner.command + ")";
}

class PortTable {
 public:
  virtual ~PortTable() = default;
  // Nothing when no other process listens there, so that a service can.
  virtual std::optional<PortOwner> owner(std::uint16_t port) = 0;
};

}  // namespace ports
