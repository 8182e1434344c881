#include "cli/machine/machine_checks.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <sstream>
#include <thread>

#include "cli/machine/process_facts.hpp"
#include "supervisor/posix/file.hpp"

namespace machine {
namespace fs = std::filesystem;
namespace {

constexpr rlim_t least_open_files = 256;
constexpr rlim_t good_open_files = 1024;
constexpr rlim_t good_processes = 512;
constexpr std::uint64_t good_watches = 65'536;
constexpr std::uint64_t good_pids = 32'768;
constexpr std::uint64_t least_memory_kb = 256 << 10U;
constexpr std::int64_t year_2024 = 1'704'067'200;

std::string one_line(const fs::path& file) {
  std::string text = posix::read_small_file(file.string());
  return text.substr(0, text.find('\n'));
}

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  const auto digits = text.find_first_of("0123456789");
  if (digits != std::string::npos) std::from_chars(text.data() + digits, text.data() + text.size(), number);
  return number;
}

// The value after `key` in a file of lines.
std::string value_of(const fs::path& file, const std::string& key) {
  std::istringstream lines(posix::read_small_file(file.string()));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    std::string value = line.substr(key.size());
    std::erase(value, '"');
    return value;
  }
  return {};
}

std::string limit_text(rlim_t limit) { return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit); }

Finding check_system(const fs::path& root) {
  const std::string system = value_of(root / "etc/os-release", "PRETTY_NAME=");
  const std::string version = value_of(root / "etc/os-release", "VERSION_ID=");
  const bool debian = value_of(root / "etc/os-release", "ID=") == "debian";
  if (debian && number_in(version) == 12) return {"system", Level::ok, system, ""};
  return {"system", Level::warn, (system.empty() ? "an unknown system" : system) + "; tested on Debian 12 only",
          "run msctl on Debian 12, or in a container of it"};
}

Finding check_kernel(const Kernel& kernel) {
  if (kernel.pidfd && kernel.subreaper) {
    return {"kernel", Level::ok, "Linux " + kernel.release + ", pidfd and subreaper work", ""};
  }
  const std::string lacks = !kernel.pidfd ? "pidfd_open (Linux 5.3)" : "PR_SET_CHILD_SUBREAPER";
  return {"kernel", Level::fail, "Linux " + kernel.release + " lacks or forbids " + lacks,
          "apt-get install linux-image-amd64, or allow that system call in the container"};
}

Finding check_memory(const Kernel& kernel, const fs::path& root) {
  const auto total = number_in(value_of(root / "proc/meminfo", "MemTotal:"));
  const auto available = number_in(value_of(root / "proc/meminfo", "MemAvailable:"));
  const std::string text = std::to_string(kernel.cores) + (kernel.cores == 1 ? " core, " : " cores, ") +
                           std::to_string(total >> 10U) + " MiB of memory, " + std::to_string(available >> 10U) +
                           " MiB available";
  if (available >= least_memory_kb) return {"cores and memory", Level::ok, text, ""};
  return {"cores and memory", Level::warn, text, "ps -eo pid,rss,comm --sort=-rss | head"};
}

Finding check_open_files(const Kernel& kernel) {
  const std::string text = "at most " + limit_text(kernel.open_files) + " for a process (hard limit " +
                           limit_text(kernel.open_files_hard) + ")";
  if (kernel.open_files >= good_open_files) return {"open files", Level::ok, text, ""};
  const auto level = kernel.open_files >= least_open_files ? Level::warn : Level::fail;
  const bool can_raise = kernel.open_files_hard >= good_open_files;
  return {"open files", level, text, can_raise ? "ulimit -n 1024" : "prlimit --pid $$ --nofile=4096:4096   (as root)"};
}

Finding check_processes(const Kernel& kernel, const fs::path& root) {
  const auto pid_max = number_in(one_line(root / "proc/sys/kernel/pid_max"));
  const std::string text =
      "at most " + limit_text(kernel.processes) + " of this user, highest pid " + std::to_string(pid_max);
  if (kernel.processes < good_processes) return {"processes", Level::warn, text, "ulimit -u 4096"};
  if (pid_max >= good_pids) return {"processes", Level::ok, text, ""};
  return {"processes", Level::warn, text, "sysctl -w kernel.pid_max=4194304"};
}

Finding check_watches(const fs::path& root) {
  const auto watches = number_in(one_line(root / "proc/sys/fs/inotify/max_user_watches"));
  const std::string text = "at most " + std::to_string(watches) + " folders (up --watch, logs -f)";
  if (watches >= good_watches) return {"inotify watches", Level::ok, text, ""};
  return {"inotify watches", Level::warn, text, "sysctl -w fs.inotify.max_user_watches=524288"};
}

Finding check_cgroups(const fs::path& root, bool needed) {
  if (cgroups_writable(root)) return {"resource limits", Level::ok, "enforced by cgroups", ""};
  const std::string text = "by rlimits only, as this process's cgroup cannot be written";
  if (!needed) return {"resource limits", Level::ok, text + "; no service has limits", ""};
  return {"resource limits", Level::warn, text + ": cpus is not enforced",
          "systemd-run --user --scope -p Delegate=yes msctl up"};
}

Finding check_clock(const Kernel& kernel) {
  if (kernel.wall_seconds < year_2024) {
    return {"clock", Level::fail, "it is wrong by years: certificates and tokens will be refused",
            "timedatectl set-ntp true"};
  }
  if (kernel.clock_synchronised) return {"clock", Level::ok, "synchronised", ""};
  return {"clock", Level::warn, "not known to be synchronised", "timedatectl set-ntp true"};
}

Finding check_cores(const Kernel& kernel, const fs::path& root) {
  const std::string pattern = one_line(root / "proc/sys/kernel/core_pattern");
  if (pattern.empty())
    return {"core dumps", Level::warn, "core_pattern is empty: a crash leaves no core",
            "sysctl -w kernel.core_pattern=core.%p"};
  if (pattern.front() == '|') return {"core dumps", Level::ok, "handed to " + pattern.substr(1), ""};
  if (kernel.core_size == 0) {
    return {"core dumps", Level::warn, "their size limit is 0: a crash leaves no core", "ulimit -c unlimited"};
  }
  return {"core dumps", Level::ok, "written as " + pattern, ""};
}

Finding check_debugger(const Kernel& kernel, const fs::path& root) {
  const auto gdb = find_program("gdb", own_environment(), "");
  if (!gdb) return {"debugger", Level::warn, "no gdb, which msctl debug needs", "apt-get install gdb"};
  const std::string obstacle = ptrace_obstacle(root, kernel.root);
  if (obstacle.empty()) return {"debugger", Level::ok, gdb.value() + ", may attach", ""};
  return {"debugger", Level::warn, "gdb may not attach: " + obstacle, "sysctl -w kernel.yama.ptrace_scope=0"};
}

}  // namespace

Kernel read_kernel() {
  Kernel kernel;
  utsname name{};
  if (::uname(&name) == 0) kernel.release = name.release;
  const auto handle = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  kernel.pidfd = handle >= 0;
  if (handle >= 0) ::close(handle);
  int subreaper = 0;
  kernel.subreaper = ::prctl(PR_GET_CHILD_SUBREAPER, &subreaper) == 0;
  kernel.cores = std::thread::hardware_concurrency();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    kernel.open_files = limit.rlim_cur;
    kernel.open_files_hard = limit.rlim_max;
  }
  if (::getrlimit(RLIMIT_NPROC, &limit) == 0) kernel.processes = limit.rlim_cur;
  if (::getrlimit(RLIMIT_CORE, &limit) == 0) kernel.core_size = limit.rlim_cur;
  kernel.wall_seconds = std::time(nullptr);
  timex state{};
  const int clock = ::adjtimex(&state);
  kernel.clock_synchronised = clock >= 0 && clock != TIME_ERROR;
  kernel.root = ::geteuid() == 0;
  return kernel;
}

Findings check_machine(const Kernel& kernel, const fs::path& root, bool needs_limits) {
  return {check_system(root),
          check_kernel(kernel),
          check_memory(kernel, root),
          check_open_files(kernel),
          check_processes(kernel, root),
          check_watches(root),
          check_cgroups(root, needs_limits),
          check_clock(kernel),
          check_cores(kernel, root),
          check_debugger(kernel, root)};
}

std::string ptrace_obstacle(const fs::path& root, bool is_root) {
  // See Documentation/admin-guide/LSM/Yama.rst of the kernel; the file is missing where Yama is not built in.
  const auto scope = number_in(one_line(root / "proc/sys/kernel/yama/ptrace_scope"));
  if (scope >= 3) return "kernel.yama.ptrace_scope is 3, which forbids it to everybody until the next boot";
  if (scope == 0 || is_root) return {};
  return "kernel.yama.ptrace_scope is " + std::to_string(scope) + ", which forbids it to all but root";
}

bool cgroups_writable(const fs::path& root) {
  const std::string own = value_of(root / "proc/self/cgroup", "0::/");
  const fs::path folder = root / "sys/fs/cgroup" / own;
  const std::string controllers = " " + one_line(folder / "cgroup.controllers") + " ";
  if (controllers.find(" memory ") != std::string::npos && controllers.find(" cpu ") != std::string::npos) {
    return ::access(folder.c_str(), W_OK) == 0 && ::access((folder / "cgroup.subtree_control").c_str(), W_OK) == 0;
  }
  // Version 1 has a hierarchy for each controller.
  const auto writable = [&](const char* controller) {
    return ::access((root / "sys/fs/cgroup" / controller / "cgroup.procs").c_str(), W_OK) == 0;
  };
  return writable("memory") && writable("cpu");
}

}  // namespace machine
