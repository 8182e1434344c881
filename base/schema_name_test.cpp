#include "base/schema_name.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(SchemaName, SaysTypeAndVersion) {
  const auto parsed = parse_schema_name("urn:msctl:event:order.placed:12");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->type, "order.placed");
  EXPECT_EQ(parsed->version, 12);
  EXPECT_EQ(schema_name(parsed->type, parsed->version), "urn:msctl:event:order.placed:12");
}

TEST(SchemaName, IsNothingElse) {
  for (const auto* text :
       {"", "urn:x", "urn:msctl:event:", "urn:msctl:event:order.placed", "urn:msctl:event:order.placed:",
        "urn:msctl:event::1", "urn:msctl:event:order.placed:0", "urn:msctl:event:order.placed:01",
        "urn:msctl:event:order.placed:-1", "urn:msctl:event:order.placed:+1", "urn:msctl:event:order.placed:1a",
        "urn:msctl:event:order.placed:v1", "urn:msctl:event:order.placed:1:2", "urn:msctl:event:order.placed: 1",
        "urn:msctl:event:order.placed:10000000000", "URN:msctl:event:order.placed:1", "urn:msctl:problem:conflict:1"}) {
    EXPECT_FALSE(parse_schema_name(text)) << text;
  }
}

}  // namespace
}  // namespace base
