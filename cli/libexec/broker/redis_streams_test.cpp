#include "cli/libexec/broker/redis_streams.hpp"

#include <gtest/gtest.h>

namespace broker {
namespace {

TEST(RedisStreams, EntriesAreNumbersInTheirOrder) {
  for (const auto* entry : {"0-1", "1764195712345-0", "1764195712345-1048575", "1764195712346-0"}) {
    EXPECT_EQ(entry_of(entry_number(entry)), entry);
  }
  EXPECT_LT(entry_number("1764195712345-1048575"), entry_number("1764195712346-0"));
  EXPECT_EQ(entry_number("no entry"), 0U);
}

TEST(RedisStreams, SaysWhatIsWrongWithTheUrlAndWhenNobodyAnswers) {
  EXPECT_EQ(RedisStreams::connect("redis://x", std::chrono::seconds(1)).error().code, base::ErrorCode::malformed);
  const auto nobody = RedisStreams::connect("redis://127.0.0.1:1", std::chrono::seconds(1));
  EXPECT_EQ(nobody.error().code, base::ErrorCode::unavailable);
  EXPECT_NE(nobody.error().message.find("the broker does not answer"), std::string::npos);
}

}  // namespace
}  // namespace broker
