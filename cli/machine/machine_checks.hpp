#pragma once
// What a machine must be like for clusters to run well on it. Pure reads of files, so that tests show them a machine of
// their own; what only a system call tells is handed in.

#include <sys/resource.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/machine/finding.hpp"

namespace machine {

// What system calls say.
struct Kernel {
  std::string release;  // uname
  bool pidfd = false;
  bool subreaper = false;
  unsigned cores = 0;
  rlim_t open_files = 0;  // soft limits
  rlim_t open_files_hard = 0;
  rlim_t processes = 0;
  rlim_t core_size = 0;
  std::int64_t wall_seconds = 0;  // since 1970
  bool clock_synchronised = false;
  bool root = false;  // effective user
};

Kernel read_kernel();

// `root` is the folder that etc, proc and sys are looked for in. `needs_limits`: some service has resource limits.
Findings check_machine(const Kernel& kernel, const std::filesystem::path& root, bool needs_limits);

// What keeps a debugger from attaching to a process of the same user; empty when nothing does.
std::string ptrace_obstacle(const std::filesystem::path& root, bool is_root);

// True when the cgroup that this process is in can be given children with limits of memory and CPU.
bool cgroups_writable(const std::filesystem::path& root);

}  // namespace machine
