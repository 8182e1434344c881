#include "cli/session/log_time.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <ctime>

namespace cli {
namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t now = 1'764'155'616 * second;  // 2025-11-26T11:13:36Z

class LogTime : public testing::Test {
 protected:
  LogTime() {
    ::setenv("TZ", "XYZ-2", 1);  // two hours east
    ::tzset();
  }
  ~LogTime() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static std::int64_t parsed(const char* text) {
    const auto time = parse_log_time(text, now);
    return time ? time.value() : -1;
  }
};

TEST_F(LogTime, reads_how_long_ago) {
  EXPECT_EQ(parsed("10m"), now - 600 * second);
  EXPECT_EQ(parsed("1h30m"), now - 5400 * second);
  EXPECT_EQ(parsed("2d"), now - 172'800 * second);
  EXPECT_EQ(parsed("1w1s250ms"), now - 604'801 * second - 250'000);
  EXPECT_EQ(parsed("0s"), now);
}

TEST_F(LogTime, reads_rfc_3339) {
  EXPECT_EQ(parsed("2025-11-26T11:13:36Z"), now);
  EXPECT_EQ(parsed("2025-11-26t12:43:36.5+01:30"), now + second / 2);
  EXPECT_EQ(parsed("2025-11-26 09:13:36-02:00"), now);
  EXPECT_EQ(parsed("2025-11-26T13:13:36"), now);  // local
  EXPECT_EQ(parsed("2025-11-26"), now - (13 * 3600 + 13 * 60 + 36) * second);
  EXPECT_EQ(parsed("2024-02-29T00:00:00Z"), 1'709'164'800 * second);
}

TEST_F(LogTime, reads_a_time_of_today) {
  EXPECT_EQ(parsed("13:13"), now - 36 * second);
  EXPECT_EQ(parsed("9:00:00"), now - (4 * 3600 + 13 * 60 + 36) * second);
}

TEST_F(LogTime, refuses_all_else_in_one_sentence) {
  for (const auto* text : {"",
                           "10",
                           "m",
                           "10x",
                           "1h-3m",
                           "-5m",
                           "99999999999d",
                           "999999999999999999999s",
                           "24:00",
                           "1:2",
                           "12:60",
                           "2025-13-01",
                           "2025-02-30",
                           "2025-11-26T",
                           "2025-11-26T10:00Q",
                           "2025-11-26T10:00:00+1",
                           "2025-11-26T10:00:00ZZ",
                           "yesterday",
                           "1h 3m",
                           "\xff"}) {
    const auto time = parse_log_time(text, now);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, base::ErrorCode::malformed);
    EXPECT_EQ(time.error().message.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace cli
