#include "base/ids.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

class FixedClock final : public Clock {
 public:
  Monotonic monotonic() const override { return {}; }
  Wall wall() const override { return Wall(std::chrono::milliseconds(0x0123456789AB)); }
};

TEST(UuidV7, HasTimeVersionAndVariant) {
  SystemRandom random;
  const auto id = uuid_v7(FixedClock(), random);
  ASSERT_TRUE(is_uuid(id)) << id;
  EXPECT_EQ(id.substr(0, 13), "01234567-89ab");
  EXPECT_EQ(id[14], '7');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_NE(id, uuid_v7(FixedClock(), random));
}

TEST(Uuid, ShapeIsChecked) {
  EXPECT_FALSE(is_uuid("01234567-89ab-7def-8123-0123456789a"));
  EXPECT_FALSE(is_uuid("01234567-89ab-7def-8123-0123456789ag"));
  EXPECT_FALSE(is_uuid("0123456789ab-7def-8123-0123456789abcd"));
}

TEST(DnsLabel, IsChecked) {
  EXPECT_TRUE(is_dns_label("order-service2"));
  for (const char* bad : {"", "-a", "a-", "A", "a_b", "a.b", "../x"}) EXPECT_FALSE(is_dns_label(bad)) << bad;
  EXPECT_TRUE(is_dns_label(std::string(63, 'a')));
  EXPECT_FALSE(is_dns_label(std::string(64, 'a')));
}

TEST(Rfc3339, IsUtcWithMilliseconds) {
  EXPECT_EQ(to_rfc3339(Wall(std::chrono::milliseconds(1'795'242'645'007))), "2026-11-21T06:30:45.007Z");
}

}  // namespace
}  // namespace base
