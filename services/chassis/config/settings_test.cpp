#include "services/chassis/config/settings.hpp"

#include <gtest/gtest.h>

namespace chassis {
namespace {

using std::chrono::milliseconds;
using Values = std::map<std::string, std::string>;

TEST(Settings, WhatIsNotSetOrEmptyHasItsDefault) {
  const Settings settings(Values{{"EMPTY", ""}, {"NAME", "ann"}});
  EXPECT_EQ(settings.text("NAME", "bob"), "ann");
  EXPECT_EQ(settings.text("EMPTY", "bob"), "bob");
  EXPECT_EQ(settings.number("EMPTY", 7, 0, 9).value(), 7);
  EXPECT_EQ(settings.duration_ms("ABSENT", milliseconds(70), milliseconds(0), milliseconds(90)).value().count(), 70);
}

TEST(Settings, ANumberThatIsNoneOrOutOfRangeIsRefusedByName) {
  for (const char* bad : {"x", "5x", " 5", "1.5", "-1", "10", "99999999999999999999"}) {
    const Settings settings(Values{{"STEP", bad}});
    const auto read = settings.number("STEP", 1, 0, 9);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().message, "STEP: expected a whole number from 0 to 9, got '" + std::string(bad) +
                                        "'; set it under env in service.yaml");
  }
  EXPECT_EQ(Settings(Values{{"STEP", "9"}}).number("STEP", 1, 0, 9).value(), 9);
}

}  // namespace
}  // namespace chassis
