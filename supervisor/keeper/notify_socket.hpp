#pragma once
// The receiving end of NOTIFY_SOCKET (sd_notify(3)): datagrams of NAME=VALUE lines. Takes only those of our own user.
// One thread.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "supervisor/posix/file.hpp"

namespace keeper {

class NotifySocket {
 public:
  // Once; later calls change nothing. `control_path` is the keeper's own socket, whose neighbour it becomes.
  base::Result<void> open(const std::string& control_path);
  // For the environment: a path, or @name in the abstract namespace.
  const std::string& name() const { return name_; }
  int descriptor() const { return socket_.get(); }
  // The next datagram, at most 4 KiB of it; nothing when there is none.
  std::optional<std::string> read();
  void close();

 private:
  posix::Descriptor socket_;
  std::string name_;
};

}  // namespace keeper
