#include "cli/terminal/style.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(Style, paints_only_where_it_may) {
  EXPECT_EQ(Style(false).state("ready"), "ready");
  EXPECT_EQ(Style(true).state("ready"), "\x1b[32mready\x1b[0m");
}

TEST(Printable, makes_escapes_harmless) {
  EXPECT_EQ(printable("a\x1b[2Jb\tc"), "a\\x1b[2Jb\tc");
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

}  // namespace
}  // namespace cli
