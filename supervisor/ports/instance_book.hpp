#pragma once
// Remembers on disk which processes run, so that a supervisor started after its predecessor was killed can end what
// that one left behind. One thread.

#include <map>
#include <string>

#include "base/result.hpp"
#include "supervisor/ports/process_host.hpp"

namespace ports {

class InstanceBook {
 public:
  virtual ~InstanceBook() = default;
  // Replaces what was remembered; by service name. Durable against a kill of the supervisor, not against power loss.
  virtual base::Result<void> write(const std::map<std::string, ProcessId>& running) = 0;
};

}  // namespace ports
