#include "cli/machine/machine_checks.hpp"

#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

namespace machine {
namespace {

namespace fs = std::filesystem;

// A machine on which all is well, in a folder.
class MachineChecks : public ::testing::Test {
 protected:
  MachineChecks() {
    std::string name = (fs::temp_directory_path() / "machine-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    put("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n");
    put("proc/meminfo", "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n");
    put("proc/sys/kernel/pid_max", "4194304\n");
    put("proc/sys/fs/inotify/max_user_watches", "524288\n");
    put("proc/sys/kernel/core_pattern", "core\n");
    put("proc/sys/kernel/yama/ptrace_scope", "0\n");
    put("proc/self/cgroup", "0::/mine\n");
    put("sys/fs/cgroup/mine/cgroup.controllers", "cpuset cpu io memory pids\n");
    put("sys/fs/cgroup/mine/cgroup.subtree_control", "\n");
    kernel_ = {"6.1.0", true, true, 4, 1024, 1048576, RLIM_INFINITY, RLIM_INFINITY, 1'750'000'000, true, false};
  }
  ~MachineChecks() override { fs::remove_all(root_); }

  void put(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  Finding find(const std::string& check, bool needs_limits = false) const {
    for (auto& finding : check_machine(kernel_, root_, needs_limits)) {
      if (finding.check == check) return finding;
    }
    ADD_FAILURE() << "no finding about " << check;
    return {};
  }

  fs::path root_;
  Kernel kernel_;
};

TEST_F(MachineChecks, a_good_machine_has_nothing_to_mend) {
  for (const auto& finding : check_machine(kernel_, root_, true)) {
    if (finding.check == "debugger") continue;  // gdb may be missing where this runs
    EXPECT_EQ(finding.level, Level::ok) << finding.check << ": " << finding.text;
    EXPECT_TRUE(finding.remedy.empty()) << finding.check;
  }
}

TEST_F(MachineChecks, everything_bad_has_a_remedy) {
  fs::remove_all(root_ / "etc");
  put("proc/meminfo", "MemTotal: 200000 kB\nMemAvailable: 1000 kB\n");
  put("proc/sys/kernel/pid_max", "400\n");
  put("proc/sys/fs/inotify/max_user_watches", "8192\n");
  put("proc/sys/kernel/yama/ptrace_scope", "3\n");
  put("proc/self/cgroup", "0::/other\n");
  kernel_ = {"4.19", false, true, 1, 64, 64, 10, 0, 1000, false, false};
  for (const auto& finding : check_machine(kernel_, root_, true)) {
    EXPECT_NE(finding.level, Level::ok) << finding.check << ": " << finding.text;
    EXPECT_FALSE(finding.remedy.empty()) << finding.check;
  }
}

TEST_F(MachineChecks, few_open_files_fail_and_tell_how_to_raise_them) {
  kernel_.open_files = 64;
  EXPECT_EQ(find("open files").level, Level::fail);
  EXPECT_EQ(find("open files").remedy, "ulimit -n 1024");
  kernel_.open_files = 512;
  EXPECT_EQ(find("open files").level, Level::warn);
}

TEST_F(MachineChecks, missing_cgroups_matter_only_where_there_are_limits) {
  fs::remove(root_ / "sys/fs/cgroup/mine/cgroup.controllers");
  EXPECT_EQ(find("resource limits", false).level, Level::ok);
  EXPECT_EQ(find("resource limits", true).level, Level::warn);
}

TEST_F(MachineChecks, a_piped_core_needs_no_size_limit) {
  kernel_.core_size = 0;
  EXPECT_EQ(find("core dumps").level, Level::warn);
  put("proc/sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P\n");
  EXPECT_EQ(find("core dumps").level, Level::ok);
}

TEST_F(MachineChecks, yama_keeps_all_but_root_from_attaching) {
  EXPECT_TRUE(ptrace_obstacle(root_, false).empty());
  put("proc/sys/kernel/yama/ptrace_scope", "1\n");
  EXPECT_FALSE(ptrace_obstacle(root_, false).empty());
  EXPECT_TRUE(ptrace_obstacle(root_, true).empty());
  put("proc/sys/kernel/yama/ptrace_scope", "3\n");
  EXPECT_FALSE(ptrace_obstacle(root_, true).empty());
  fs::remove(root_ / "proc/sys/kernel/yama/ptrace_scope");
  EXPECT_TRUE(ptrace_obstacle(root_, false).empty());
}

TEST(ReadKernel, knows_this_one) {
  const Kernel kernel = read_kernel();
  EXPECT_TRUE(kernel.pidfd);
  EXPECT_TRUE(kernel.subreaper);
  EXPECT_GE(kernel.cores, 1U);
  EXPECT_GE(kernel.open_files, 3U);
}

}  // namespace
}  // namespace machine
