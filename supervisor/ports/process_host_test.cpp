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

TEST(Slot, is_read_as_it_was_made) {
  const Slot slot = slot_of("web.2", 17);
  EXPECT_EQ(instance_of(slot), "web.2");
  EXPECT_EQ(generation_of(slot), 17U);
  for (const char* none : {"web", "web@", "web@x", "web@1x", "web@99999999999999999999999"}) {
    EXPECT_EQ(generation_of(none), 0U) << none;
  }
}

}  // namespace
}  // namespace ports
