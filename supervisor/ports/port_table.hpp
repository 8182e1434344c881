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

class PortTable {
 public:
  virtual ~PortTable() = default;
  // Nothing when no other process listens there, so that a service can.
  virtual std::optional<PortOwner> owner(std::uint16_t port) = 0;
};

}  // namespace ports
