#include "cli/terminal/table.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(Table, aligns_columns_and_leaves_no_trailing_space) {
  EXPECT_EQ(format_table({"NAME", "STATE", "PORTS"}, {{"web", "ready", "http:80"}, {"user-service", "stopped"}}),
            "NAME          STATE    PORTS\n"
            "web           ready    http:80\n"
            "user-service  stopped\n");
}

TEST(Table, colour_takes_no_room) {
  const auto red = [](std::size_t, std::size_t column, const std::string& text) {
    return column == 0 ? "<" + text + ">" : text;
  };
  EXPECT_EQ(format_table({"A", "B"}, {{"x", "y"}}, red), "A  B\n<x>  y\n");
}

TEST(Duration, has_two_units_at_most) {
  EXPECT_EQ(format_duration(0.44), "0.4 s");
  EXPECT_EQ(format_duration(59.9), "59 s");
  EXPECT_EQ(format_duration(3599), "59 min 59 s");
  EXPECT_EQ(format_duration(7200), "2 h");
  EXPECT_EQ(format_duration(90000), "1 d 1 h");
}

}  // namespace
}  // namespace cli
