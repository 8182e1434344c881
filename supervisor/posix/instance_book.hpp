#pragma once
// The instance book as a JSON file {"version": 1, "boot": id, "instances": {NAME: {"pid", "start_time"}}}. One thread.

#include <filesystem>

#include "supervisor/ports/instance_book.hpp"

namespace posix {

class InstanceBook final : public ports::InstanceBook {
 public:
  explicit InstanceBook(std::filesystem::path file) : file_(std::move(file)) {}
  base::Result<void> write(const std::map<std::string, ports::ProcessId>& running) override;

 private:
  std::filesystem::path file_;
};

// Ends what a killed supervisor left behind: the recorded processes with all their descendants, and every process that
// was started for this state folder (MSCTL_STATE and MSCTL_SERVICE in its environment). First SIGTERM, after `grace`
// SIGKILL. Blocks until they are gone and returns how many there were. Nothing to do without the file.
std::size_t end_leftovers(const std::filesystem::path& book, const std::filesystem::path& state,
                          std::chrono::milliseconds grace);

}  // namespace posix
