#include "cli/program/line_process.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace program {
namespace {

TEST(LineProcess, AnswersLineByLine) {
  auto started = LineProcess::start({"/bin/cat"});
  ASSERT_TRUE(started) << started.error().message;
  auto cat = std::move(started).value();
  EXPECT_TRUE(cat.write("one"));
  EXPECT_EQ(cat.read(), "one");
  EXPECT_TRUE(cat.write("two\nthree"));
  EXPECT_EQ(cat.read(), "two");
  EXPECT_EQ(cat.read(), "three");
  cat.close_input();
  EXPECT_EQ(cat.read(), std::nullopt);
}

TEST(LineProcess, ThatIsGoneTakesNothingAndRaisesNoSignal) {
  auto started = LineProcess::start({"/bin/true"});
  ASSERT_TRUE(started) << started.error().message;
  auto gone = std::move(started).value();
  EXPECT_EQ(gone.read(), std::nullopt);
  // Its output may end a moment before its input does.
  bool is_taken = true;
  for (int i = 0; i < 500 && is_taken; ++i) {
    is_taken = gone.write("one");
    if (is_taken) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(is_taken);
}

}  // namespace
}  // namespace program
