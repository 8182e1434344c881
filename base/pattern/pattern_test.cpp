#include "base/pattern/pattern.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace base {
namespace {

using ::testing::HasSubstr;

bool found(const std::string& pattern, std::string_view text) { return Pattern::make(pattern).value().found_in(text); }

TEST(Pattern, IsFoundAnywhereInTheText) {
  EXPECT_TRUE(found("listening on \\d+", "info: listening on 8080, pid 1"));
  EXPECT_FALSE(found("listening on \\d+", "info: listening on port 8080"));
  EXPECT_TRUE(found("^ready$", "ready"));
  EXPECT_FALSE(found("^ready$", "not ready"));
  EXPECT_TRUE(found("(?i)READY|up", "I am Ready"));
  EXPECT_TRUE(found("", ""));
}

TEST(Pattern, BytesThatAreNoTextDoNotDisturb) {
  EXPECT_TRUE(found("ready", std::string_view("\xff\xfe\0ready", 8)));
  EXPECT_FALSE(found("ready", std::string_view("\xff\0\xfe", 3)));
}

TEST(Pattern, WhatIsNoneIsRefusedWithTheReason) {
  EXPECT_THAT(Pattern::make("(ready").error().message, HasSubstr("not a regular expression: missing )"));
  EXPECT_THAT(Pattern::make("a(?=b)").error().message, HasSubstr("not a regular expression"));
  EXPECT_FALSE(Pattern::make("(.{1000}){1000}"));
  EXPECT_FALSE(Pattern::make("\xff"));
}

// Back-tracking engines need longer than the universe is old for this one, and recursive ones a stack as long.
TEST(Pattern, TimeIsLinearInTheText) {
  const auto pattern = Pattern::make("(a*)*(a|aa)+(x+x+)+y").value();
  const std::string text = std::string(1 << 20, 'a') + std::string(1 << 20, 'x');
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(pattern.found_in(text));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

}  // namespace
}  // namespace base
