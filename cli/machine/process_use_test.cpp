#include "cli/machine/process_use.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

namespace machine {
namespace {

using namespace std::chrono_literals;

TreeUse tree(std::chrono::milliseconds at, std::vector<ProcessUse> processes) {
  return {std::chrono::steady_clock::time_point(at), std::move(processes)};
}

TEST(UseBetween, is_a_share_of_one_core_over_the_time_between) {
  const long per_second = ::sysconf(_SC_CLK_TCK);
  const auto ticks = static_cast<std::uint64_t>(per_second);
  const auto use =
      use_between(tree(0ms, {{{7, 1}, 100, 0, 0, 1, 3}, {{8, 1}, 0, 0, 0, 1, 3}}),
                  tree(2000ms, {{{7, 1}, 100 + ticks, 0, 0, 2, 4}, {{8, 1}, 2 * ticks, 0, 0, 1, 3}}), false);
  EXPECT_DOUBLE_EQ(use.cpu_percent, 150);
  EXPECT_EQ(use.threads, 3);
  EXPECT_EQ(use.fds, 7);
  EXPECT_EQ(use.processes, 2);
}

TEST(UseBetween, does_not_take_a_stranger_with_a_used_pid_for_the_same_process) {
  const auto use =
      use_between(tree(0ms, {{{7, 1}, 5000, 0, 0, 1, 3}}), tree(1000ms, {{{7, 99}, 0, 0, 0, 1, 3}}), false);
  EXPECT_DOUBLE_EQ(use.cpu_percent, 0);
}

TEST(UseBetween, is_zero_for_the_same_moment) {
  const auto same = tree(0ms, {{{7, 1}, 5000, 10, 20, 1, 3}});
  EXPECT_DOUBLE_EQ(use_between(same, same, false).cpu_percent, 0);
  EXPECT_EQ(use_between(same, same, false).memory_bytes, 10U);
  EXPECT_EQ(use_between(same, same, true).memory_bytes, 20U);
}

// A child that burns CPU, and a grandchild of it that does, too.
TEST(SampleTree, counts_all_descendants) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::fork() == 0) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (volatile unsigned long spin = 0;; spin = spin + 1) {
    }
  }
  const auto ticks_of = [&] {
    std::uint64_t ticks = 0;
    for (const auto& one : sample_tree(child, false, false).processes) ticks += one.cpu_ticks;
    return ticks;
  };
  const auto before = sample_tree(child, false, true);
  const auto first = ticks_of();
  const auto give_up = std::chrono::steady_clock::now() + 30s;
  while ((ticks_of() < first + 5 || sample_tree(child, false, false).processes.size() < 2) &&
         std::chrono::steady_clock::now() < give_up) {
    ::usleep(2000);
  }
  const auto after = sample_tree(child, false, true);
  const auto below = sample_tree(child, true, false);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(after.processes.size(), 2U);
  EXPECT_EQ(below.processes.size(), 1U);
  EXPECT_GT(use_between(before, after, false).cpu_percent, 1);
  EXPECT_GT(use_between(before, after, false).memory_bytes, 100'000U);
  EXPECT_GE(use_between(before, after, false).fds, 2);
  if (has_pss(after))
    EXPECT_LT(use_between(before, after, true).memory_bytes, use_between(before, after, false).memory_bytes);
}

TEST(SampleTree, of_nobody_is_empty) { EXPECT_TRUE(sample_tree(0x3ffffff0, false, true).processes.empty()); }

}  // namespace
}  // namespace machine
