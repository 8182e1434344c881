#include "cli/terminal/screen.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(Fit, cuts_rows_and_columns) { EXPECT_EQ(fit("abcdef\ngh\nij\n", 2, 4), "abcd\ngh"); }

TEST(Fit, colours_take_no_room_and_are_ended) {
  EXPECT_EQ(fit("\x1b[32mready\x1b[0m and more", 1, 5), "\x1b[32mready\x1b[0m\x1b[0m");
  EXPECT_EQ(fit("\x1b[32mready", 1, 3), "\x1b[32mrea\x1b[0m");
}

TEST(Fit, counts_characters_not_bytes) { EXPECT_EQ(fit("äöüß", 1, 2), "äö"); }

TEST(Fit, an_escape_without_an_end_is_no_danger) { EXPECT_EQ(fit("a\x1b[3", 1, 9), "a\x1b[3\x1b[0m"); }

}  // namespace
}  // namespace cli
