#include "supervisor/spec/size.hpp"

#include <gtest/gtest.h>

namespace spec {
namespace {

TEST(Size, UnitsArePowersOf1024) {
  EXPECT_EQ(size_of(4096), 4096);
  EXPECT_EQ(size_of("4096"), 4096);
  EXPECT_EQ(size_of("2K"), 2048);
  EXPECT_EQ(size_of("256M"), 256 << 20);
  EXPECT_EQ(size_of("1.5GiB"), 3LL << 29);
  EXPECT_EQ(size_of("1TB"), 1LL << 40);
}

TEST(Size, OutsideOfTheLimitsIsNone) {
  EXPECT_EQ(size_of("1B"), 0);
  EXPECT_EQ(size_of("0.5K"), 0);
  EXPECT_EQ(size_of("1024T"), most_size);
  EXPECT_EQ(size_of("1025T"), 0);
  EXPECT_EQ(size_of("999999999999T"), 0);
}

TEST(Size, ShortestExactForm) {
  EXPECT_EQ(format_size(256 << 20), "256M");
  EXPECT_EQ(format_size(1536), "1536");
  EXPECT_EQ(format_size(3LL << 29), "1536M");
  EXPECT_EQ(format_size(most_size), "1024T");
}

}  // namespace
}  // namespace spec
