#include "supervisor/ports/notify.hpp"

#include <gmock/gmock.h>

namespace ports {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

TEST(Notify, OneAssignmentALine) {
  EXPECT_THAT(parse_notify("READY=1\nSTATUS=serving 3 clients\n"),
              ElementsAre(Pair("READY", "1"), Pair("STATUS", "serving 3 clients")));
  EXPECT_THAT(parse_notify("X_MSCTL_READY=0"), ElementsAre(Pair("X_MSCTL_READY", "0")));
  EXPECT_THAT(parse_notify("STATUS=a=b="), ElementsAre(Pair("STATUS", "a=b=")));
  EXPECT_THAT(parse_notify("STATUS="), ElementsAre(Pair("STATUS", "")));
}

TEST(Notify, TheLastOneOfAKeyCounts) { EXPECT_THAT(parse_notify("READY=0\nREADY=1"), ElementsAre(Pair("READY", "1"))); }

TEST(Notify, JunkIsIgnored) {
  EXPECT_THAT(parse_notify(""), IsEmpty());
  EXPECT_THAT(parse_notify("\n\n=\n=1\nREADY\nready=1\nRE ADY=1\nR\xc3\x84=1"), IsEmpty());
  EXPECT_THAT(parse_notify(std::string_view("\0READY=1", 8)), IsEmpty());
  EXPECT_THAT(parse_notify("junk\nREADY=1\njunk"), ElementsAre(Pair("READY", "1")));
}

TEST(Notify, AValueCannotSteerATerminal) {
  EXPECT_THAT(parse_notify(std::string_view("STATUS=\x1b[2Ja\0b\x7f\r", 15)), ElementsAre(Pair("STATUS", "[2Ja b")));
}

TEST(Notify, EverythingIsBounded) {
  EXPECT_THAT(parse_notify("READY=1\n" + std::string(max_notify_bytes, 'x')), IsEmpty());
  EXPECT_THAT(parse_notify(std::string(65, 'K') + "=1"), IsEmpty());
  EXPECT_THAT(parse_notify("STATUS=" + std::string(10'000, 's')).at("STATUS"), SizeIs(max_notify_value));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "K" + std::to_string(i) + "=1\n";
  EXPECT_THAT(parse_notify(many), SizeIs(max_notify_keys));
}

TEST(Notify, ALineIsCutBetweenCharacters) {
  EXPECT_EQ(one_line("\n a\tb \n", 10), "a b");
  EXPECT_EQ(one_line("aa\xc3\xa4", 3), "aa");  // U+00E4 has two bytes, the second does not fit
  EXPECT_EQ(one_line("\x80\x80\x80\x80\x80\x80", 4).size(), 1);
  EXPECT_EQ(one_line("   ", 10), "");
}

}  // namespace
}  // namespace ports
