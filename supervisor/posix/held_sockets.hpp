#pragma once
// Listening sockets on 127.0.0.1 that services inherit (LISTEN_FDS), by service and port's name. One thread.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/ports/process_host.hpp"
#include "supervisor/posix/file.hpp"

namespace posix {

class HeldSockets {
 public:
  // The descriptor, lent until close(service). Errors: unavailable when the port is taken.
  base::Result<int> open(const std::string& service, const std::string& name, std::uint16_t port);
  // Takes over a socket that listens already.
  void adopt(const std::string& service, const std::string& name, int fd);
  bool has(const std::string& service, const std::string& name, std::uint16_t port) const;
  // Gives one away: the descriptor is the caller's. It must be held.
  int release(const std::string& service, const std::string& name);
  void forget(const std::string& service, const std::string& name) { held_[service].erase(name); }
  // Closes those of other names.
  void keep_only(const std::string& service, const std::vector<std::string>& names);
  void close(const std::string& service) { held_.erase(service); }

 private:
  struct Held {
    Descriptor socket;
    std::uint16_t port = 0;
  };
  std::map<std::string, std::map<std::string, Held>> held_;
};

}  // namespace posix
