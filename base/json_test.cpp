#include "base/json.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(ParseJson, KeepsOrderAndTypes) {
  const auto parsed = parse_json(R"({"b": 1, "a": [true, null, -2, 1.5, "x"]})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(dump_json(parsed.value()), R"({"b":1,"a":[true,null,-2,1.5,"x"]})");
}

class RefusedJson : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(RefusedJson, NamesTheProblem) {
  const auto parsed = parse_json(GetParam().first);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::malformed);
  EXPECT_NE(parsed.error().message.find(GetParam().second), std::string::npos) << parsed.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedJson,
    testing::Values(std::pair{"", "ends too early"}, std::pair{"{", "ends too early"},
                    std::pair{"{\"a\":\"b", "ends too early"}, std::pair{"{\"a\":1,\"a\":2}", "\"a\" stands twice"},
                    std::pair{"{\"o\":{\"a\":1,\"a\":2}}", "\"a\" stands twice"}, std::pair{"{\"a\":1,}", "at byte"},
                    std::pair{"{'a':1}", "at byte"}, std::pair{"{a:1}", "at byte"}, std::pair{"[1] 2", "at byte"},
                    std::pair{"\"a\nb\"", "at byte"}, std::pair{"// c\n1", "at byte"}, std::pair{"NaN", "at byte"},
                    std::pair{"01", "at byte"}, std::pair{"\"\xff\"", "at byte"}));

TEST(ParseJson, ReadsOnBehindANul) {
  using namespace std::string_view_literals;
  for (const auto text : {"{}\0"sv, "{}\0 not json"sv, "\0"sv, "[\0]"sv}) EXPECT_FALSE(parse_json(text)) << text.size();
}

TEST(ParseJson, CapsDepth) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(64)));
  EXPECT_FALSE(parse_json(nested(65)));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(ParseJson, NeverEchoesTheInput) {
  for (const char* text : {"{'password':'secret'}", "{\"password\":\"secret", "{\"password\":secret}", "secret"}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().message.find("secret"), std::string::npos) << parsed.error().message;
  }
}

TEST(DumpJson, NeverThrowsOnBadUtf8) { EXPECT_EQ(dump_json(Json("a\xff")), "\"a\xEF\xBF\xBD\""); }

}  // namespace
}  // namespace base
