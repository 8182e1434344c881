#pragma once
// What processes use, as /proc shows it. Pure reads; thread-safe. A process that ends while it is read counts as gone.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "supervisor/ports/process_host.hpp"

namespace machine {

struct ProcessUse {
  ports::ProcessId id;
  std::uint64_t cpu_ticks = 0;  // user and system time since its start
  std::uint64_t rss_bytes = 0;
  std::uint64_t pss_bytes = 0;  // its share of pages that it shares; 0 when that cannot be read
  int threads = 0;
  int fds = 0;
};

// One moment of a process and all that descend from it.
struct TreeUse {
  std::chrono::steady_clock::time_point at;
  std::vector<ProcessUse> processes;
};

struct Use {
  double cpu_percent = 0;  // of one core; 200 is two cores
  std::uint64_t memory_bytes = 0;
  int threads = 0;
  int fds = 0;
  int processes = 0;
};

// `without_root` leaves `pid` itself out: a keeper's children are the instance, it is not. Reads the proportional share
// of memory only `with_pss`, since the kernel walks all pages for it.
TreeUse sample_tree(pid_t pid, bool without_root, bool with_pss);

// True when every process of it told its proportional share.
bool has_pss(const TreeUse& tree);

// From `before` to `after`. A process is the same one only with the same start time; one that is new counts with all it
// has used, since it started in between. `pss`: memory by proportional share, else resident pages.
Use use_between(const TreeUse& before, const TreeUse& after, bool pss);

}  // namespace machine
