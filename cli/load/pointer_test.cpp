#include "cli/load/pointer.hpp"

#include <gmock/gmock.h>

namespace load {
namespace {

TEST(Pointer, FindsAsRfc6901Says) {
  const auto json = base::parse_json(R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "o": {"p": null}})").value();
  EXPECT_EQ(find_at(json, ""), &json);
  EXPECT_EQ(*find_at(json, "/foo/0"), "bar");
  EXPECT_EQ(*find_at(json, "/"), 0);
  EXPECT_EQ(*find_at(json, "/a~1b"), 1);
  EXPECT_EQ(*find_at(json, "/m~0n"), 8);
  EXPECT_TRUE(find_at(json, "/o/p")->is_null());
  for (const char* none :
       {"/foo/2", "/foo/01", "/foo/-", "/foo/99999999999999999999", "/foo/x", "/o/q", "/o/p/q", "/none"}) {
    EXPECT_EQ(find_at(json, none), nullptr) << none;
  }
}

TEST(Pointer, BrokenOnesAreTold) {
  for (const char* good : {"", "/", "/a~0", "/~1"}) EXPECT_TRUE(is_pointer(good)) << good;
  for (const char* bad : {"a", "/~", "/~2", "/a~"}) EXPECT_FALSE(is_pointer(bad)) << bad;
}

}  // namespace
}  // namespace load
