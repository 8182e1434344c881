#include "cli/session/log_filter.hpp"

#include <gmock/gmock.h>

#include "cli/session/log_printer.hpp"

namespace cli {
namespace {

using testing::HasSubstr;

bool matches(const char* pattern, const std::string& line) { return Pattern::compile(pattern).value().matches(line); }

TEST(LogPattern, is_what_grep_takes_and_digits) {
  EXPECT_TRUE(matches("time[d]? ?out|refused", "connection refused"));
  EXPECT_TRUE(matches("^\\d{3}$", "503"));
  EXPECT_FALSE(matches("^\\D+$", "a5"));
  EXPECT_TRUE(matches("a\\.b[]x]", "a.b]"));
  EXPECT_TRUE(matches("\\\\d", "a\\d"));
  EXPECT_FALSE(matches("\\\\d", "7"));
  EXPECT_TRUE(matches("b$", std::string("a\0b", 3)));
}

TEST(LogPattern, takes_lines_of_any_length) { EXPECT_TRUE(matches("(x|y)*z", std::string(1 << 20, 'x') + "z")); }

TEST(LogPattern, refuses_what_is_none) {
  for (const auto* text : {"(", "[a", "a{2,1}", "*(", "\\"}) {
    const auto pattern = Pattern::compile(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_EQ(pattern.error().code, base::ErrorCode::malformed);
    EXPECT_THAT(pattern.error().message, HasSubstr("--grep"));
  }
}

TEST(LogJson, keeps_what_a_line_says_as_fields) {
  logs::Line line{1'764'155'616'123'456, logs::Stream::err, R"({"level":"warn","msg":"x"})"};
  EXPECT_EQ(LogPrinter::json("web.2", line, false),
            R"({"time":"2025-11-26T11:13:36.123Z","instance":"web.2","service":"web","stream":"stderr",)"
            R"("line":"{\"level\":\"warn\",\"msg\":\"x\"}","level":"warn","fields":{"level":"warn","msg":"x"}})");
}

TEST(LogJson, is_valid_whatever_the_line_holds) {
  const std::string junk("\x00\x1b[2J\r\xff\xc2\x9b\xe2\x82 {\"", 14);
  for (const std::string& text : {junk, "{" + junk, std::string("{\"a\":1,\"a\":2}"), std::string(1000, '{')}) {
    for (const bool ascii : {false, true}) {
      const std::string shown = LogPrinter::json("web", {1, logs::Stream::unknown, text}, ascii);
      const auto parsed = base::parse_json(shown);
      ASSERT_TRUE(parsed) << shown;
      EXPECT_FALSE(parsed.value().contains("fields"));
      EXPECT_EQ(shown.find('\x1b'), std::string::npos);
      if (ascii) {
        EXPECT_EQ(shown.find('\xc2'), std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace cli
