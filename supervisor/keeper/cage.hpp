#pragma once
// A control group of an instance's own for its limits, where the kernel lets us make one: cgroup v2 if its controllers
// are delegated to us, else v1. Elsewhere memory is limited by RLIMIT_DATA, and processor time is not. One thread.

#include <cstdint>
#include <string>
#include <vector>

namespace keeper {

class Cage {
 public:
  Cage() = default;
  // `path` tells instances apart. No limits, no groups. Never fails: what cannot be had is left out.
  static Cage make(const std::string& path, std::int64_t memory_bytes, std::int64_t millicpus);

  // The cgroup.procs files to write "0" into.
  const std::vector<std::string>& entrances() const { return entrances_; }
  bool holds_memory() const { return holds_memory_; }
  // Once nothing is in it.
  void remove();

 private:
  bool enter(const std::string& folder, const std::vector<std::pair<std::string, std::string>>& settings);

  std::vector<std::string> entrances_;
  std::vector<std::string> folders_;
  bool holds_memory_ = false;
};

}  // namespace keeper
