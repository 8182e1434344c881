#pragma once
// What a supervisor that comes after a killed one must know and no keeper tells: which processes there were, how those
// ended that need no keeper any more, which ports were chosen, how far services were scaled. One thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "supervisor/ports/process_host.hpp"

namespace ports {

struct Remembered {
  std::optional<ProcessId> process;
  std::string state;  // as core::name gives it
  std::string reason;
  std::string last_exit;
  int restarts = 0;
  std::string digest;  // of the service as it was started
};

struct Book {
  std::uint64_t generation = 0;         // of the newest keeper
  std::map<std::string, int> replicas;  // by service, where it was scaled
  std::map<std::string, Remembered> instances;
};

class InstanceBook {
 public:
  virtual ~InstanceBook() = default;
  // Replaces what was remembered. Durable against a kill of the supervisor, not against power loss.
  virtual base::Result<void> write(const Book& book) = 0;
};

}  // namespace ports
