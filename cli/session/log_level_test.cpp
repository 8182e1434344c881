#include "cli/session/log_level.hpp"

#include <gmock/gmock.h>

namespace cli {
namespace {

std::optional<Level> of_json(const char* text) { return level_of_fields(base::parse_json(text).value()); }

TEST(LogLevel, is_read_from_json) {
  EXPECT_EQ(of_json(R"({"level":"warn"})"), Level::warn);
  EXPECT_EQ(of_json(R"({"msg":"x","severity":"ERROR"})"), Level::error);
  EXPECT_EQ(of_json(R"({"lvl":"dbg"})"), Level::debug);
  EXPECT_EQ(of_json(R"({"level":50})"), Level::error);
  EXPECT_EQ(of_json(R"({"level":-3})"), Level::trace);
  EXPECT_EQ(of_json(R"({"level":99999999999999999999})"), std::nullopt);
  EXPECT_EQ(of_json(R"({"level":{}})"), std::nullopt);
  EXPECT_EQ(of_json(R"({"msg":"ERROR"})"), std::nullopt);
}

TEST(LogLevel, is_read_from_text) {
  const auto of = [](const char* line) { return level_of_text(line); };
  EXPECT_EQ(of("2026-01-31 14:05:00,123 WARNING root: disk is filling"), Level::warn);
  EXPECT_EQ(of("2026/01/31 14:05:00 [error] 12#12: *3 connect() failed"), Level::error);
  EXPECT_EQ(of("[12] 2026/01/31 14:05:00.1 [INF] Server is ready"), Level::info);
  EXPECT_EQ(of("time=now level=debug msg=\"an ERROR that is none\""), Level::debug);
  EXPECT_EQ(of("time=now level=\"warn\" msg=x"), Level::warn);
  EXPECT_EQ(of("E0131 14:05:00.000000 12 main.cc:5] oh no"), Level::error);
  EXPECT_EQ(of("F0131 14:05:00.000000 12 main.cc:5] oh no"), Level::fatal);
  EXPECT_EQ(of("main.cpp:5: error: expected `;`"), Level::error);
  EXPECT_EQ(of("warning: unused"), Level::warn);
  EXPECT_EQ(of("FATAL:  role \"x\" does not exist"), Level::fatal);
  EXPECT_EQ(of("[2026-01-31 14:05:00.000] [main] [warning] careful"), Level::warn);
  EXPECT_EQ(of("Traceback (most recent call last):"), Level::error);
  EXPECT_EQ(of("==12==ERROR: AddressSanitizer: heap-use-after-free"), Level::error);
  EXPECT_EQ(of("x.cpp:3:5: runtime error: signed integer overflow"), Level::error);
  EXPECT_EQ(of("*** web crashed: SIGSEGV at 0x0"), Level::fatal);
}

TEST(LogLevel, is_not_read_from_sentences) {
  for (const auto* line : {"", "no error here", "the log says hello", "E", "I am", "E01x1 x", "errors: 0",
                           "an Error occurred", "D-Bus", "w", "listening on [::]"}) {
    EXPECT_EQ(level_of_text(line), std::nullopt) << line;
  }
}

TEST(LogLevel, knows_its_names) {
  EXPECT_EQ(level_named("Warning"), Level::warn);
  EXPECT_EQ(level_named("error"), Level::error);
  EXPECT_EQ(level_named("loud"), std::nullopt);
  EXPECT_EQ(level_name(Level::fatal), "fatal");
}

}  // namespace
}  // namespace cli
