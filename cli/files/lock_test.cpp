#include "cli/files/lock.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace files {
namespace {

namespace fs = std::filesystem;

TEST(Lock, is_held_by_one_and_free_when_it_goes) {
  char pattern[] = "/tmp/msctl-lock-XXXXXX";
  const fs::path folder = ::mkdtemp(pattern);
  {
    const auto held = Lock::take(folder);
    ASSERT_TRUE(held);
    const auto second = Lock::take(folder, std::chrono::milliseconds(0));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, base::ErrorCode::conflict);
    EXPECT_FALSE(Lock::take(folder / "not/there", std::chrono::milliseconds(0))) << "the nearest folder is this one";
  }
  EXPECT_TRUE(Lock::take(folder, std::chrono::milliseconds(0)));
  EXPECT_TRUE(fs::is_empty(folder)) << "it leaves no file";
  fs::remove(folder);
}

}  // namespace
}  // namespace files
