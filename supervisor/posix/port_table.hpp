#pragma once
// Listening sockets as /proc/net/tcp shows them. Stateless.

#include "supervisor/ports/port_table.hpp"

namespace posix {

class PortTable final : public ports::PortTable {
 public:
  std::optional<ports::PortOwner> owner(std::uint16_t port) override;
};

}  // namespace posix
