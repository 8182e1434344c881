#include "supervisor/ports/process_host.hpp"

#include <gtest/gtest.h>

namespace ports {
namespace {

TEST(Describe, tells_exit_9_from_sigkill) {
  EXPECT_EQ(describe(WaitStatus{9 << 8}), "exit code 9");
  EXPECT_EQ(describe(WaitStatus{9}), "signal 9 (SIGKILL)");
  EXPECT_EQ(describe(WaitStatus{0}), "exit code 0");
  EXPECT_EQ(describe(WaitStatus{11 | 0x80}), "signal 11 (SIGSEGV), core dumped");
}

}  // namespace
}  // namespace ports
