#include "base/subjects.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Subjects, MatchAsNatsDoes) {
  EXPECT_TRUE(subject_matches("a.b", "a.b"));
  EXPECT_TRUE(subject_matches("a.*", "a.b"));
  EXPECT_TRUE(subject_matches("a.>", "a.b.c"));
  EXPECT_FALSE(subject_matches("a.>", "a"));
  EXPECT_FALSE(subject_matches("a.*", "a.b.c"));
  EXPECT_FALSE(subject_matches("a.b", "a.c"));
  EXPECT_FALSE(subject_matches("a.b.c", "a.b"));
}

TEST(Subjects, OfTwoPatternsWhatMatchesBoth) {
  EXPECT_EQ(subjects_in_both("a.events.>", "*.events.order.placed"), "a.events.order.placed");
  EXPECT_EQ(subjects_in_both("*.x", "a.*"), "a.x");
  EXPECT_EQ(subjects_in_both("a.>", ">"), "a.>");
  EXPECT_EQ(subjects_in_both("a.*.c", "a.>"), "a.*.c");
  EXPECT_EQ(subjects_in_both("a.b", "a.b"), "a.b");
  EXPECT_EQ(subjects_in_both("a.b", "a.c"), std::nullopt);
  EXPECT_EQ(subjects_in_both("a", "a.>"), std::nullopt);
}

}  // namespace
}  // namespace base
