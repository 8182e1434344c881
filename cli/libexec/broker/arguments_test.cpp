#include "cli/libexec/broker/arguments.hpp"

#include <gtest/gtest.h>

#include "cli/libexec/broker/is_text.hpp"

namespace broker {
namespace {

TEST(Arguments, ReadsEachCommand) {
  const auto read = read_arguments({"--url", "nats://127.0.0.1:1", "read", "ORDERS", "--subject", "a.>", "--from-seq",
                                    "7", "--limit", "3", "--no-bodies"});
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().verb, Verb::read);
  EXPECT_EQ(read.value().name, "ORDERS");
  EXPECT_EQ(read.value().subject, "a.>");
  EXPECT_EQ(read.value().from_seq, 7U);
  EXPECT_EQ(read.value().limit, 3U);
  EXPECT_FALSE(read.value().bodies);
  const auto publish = read_arguments({"publish", "a.b", "--header", "Nats-Msg-Id:x:y"});
  ASSERT_TRUE(publish);
  EXPECT_EQ(publish.value().headers.at(0).second, "x:y");
  EXPECT_TRUE(read_arguments({"streams"}));
  EXPECT_EQ(read_arguments({"settle", "ORDERS"}).value().verb, Verb::settle);
}

TEST(Arguments, RefusesWhatItCannotRead) {
  const std::vector<std::vector<std::string>> lines{
      {},
      {"dance"},
      {"stream"},
      {"ping", "x"},
      {"read", "A", "B"},
      {"redeliver", "A"},
      {"settle"},
      {"read", "A.B"},
      {"read", "A", "--limit"},
      {"read", "A", "--limit", "x"},
      {"read", "A", "--limit", "-1"},
      {"read", "A", "--from-time", "yesterday"},
      {"read", "A", "--from-seq", "1", "--from-time", "2026-01-01T00:00:00Z"},
      {"publish", "a b"},
      {"publish", "a", "--header", "nothing"},
      {"ping", "--timeout-ms", "0"},
      {"ping", "--loud", "x"},
  };
  for (const auto& line : lines) EXPECT_FALSE(read_arguments(line)) << (line.empty() ? "nothing" : line.back());
}

TEST(Arguments, TimesGoThereAndBack) {
  for (const auto* text : {"2026-11-21T06:30:45.123456789Z", "1970-01-01T00:00:00.000000000Z"}) {
    ASSERT_TRUE(read_time(text)) << text;
    EXPECT_EQ(time_text(read_time(text).value()), text);
  }
  EXPECT_EQ(read_time("1970-01-01T00:00:01.5Z").value(), 1'500'000'000);
  for (const auto* text :
       {"", "2026-11-21", "2026-11-21T06:30:45", "2026-11-21T06:30:45.Z", "2026-11-21T06:30:45+01:00"})
    EXPECT_FALSE(read_time(text)) << text;
}

TEST(IsText, TellsTextFromBytes) {
  EXPECT_TRUE(is_text("gr\xc3\xbc\xc3\x9f"));
  EXPECT_TRUE(is_text(""));
  EXPECT_FALSE(is_text("\xff"));
  EXPECT_FALSE(is_text(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace broker
