// Where a verdict was once another than that of Pact's reference implementation for the same file and the same answer.
#include <gtest/gtest.h>

#include "base/pact/file.hpp"
#include "base/pact/match.hpp"

namespace base::pact {
namespace {

Json json(const std::string& text) { return parse_json(text).value(); }

struct Verdict {
  const char* name;
  const char* rules;  // of the body
  const char* expected;
  const char* actual;
  const char* path;  // of the first mismatch; null: none
};
class Response : public testing::TestWithParam<Verdict> {};

TEST_P(Response, IsJudgedAsElsewhere) {
  const auto& one = GetParam();
  const auto rules = read_category(json(one.rules), "$", false).value();
  const auto found = match_json(json(one.expected), json(one.actual), rules, Direction::response);
  if (one.path == nullptr) {
    EXPECT_TRUE(found.empty()) << found[0].path << ": " << found[0].message;
  } else {
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found[0].path, one.path) << found[0].message;
  }
}

constexpr auto keys = R"({"$.a":{"matchers":[{"match":"eachKey","rules":[{"match":"regex","regex":"k\\d"}]}]}})";
constexpr auto keys_and_type =
    R"({"$.a":{"matchers":[{"match":"eachKey","rules":[{"match":"regex","regex":"k\\d"}]}]},
        "$.a.*":{"matchers":[{"match":"type"}]}})";
constexpr auto each = R"({"$.a":{"matchers":[{"match":"eachValue","rules":[{"match":"regex","regex":"x\\d"}]}]}})";
constexpr auto equal = R"({"$":{"matchers":[{"match":"type"}]},"$.a":{"matchers":[{"match":"equality"}]}})";

INSTANTIATE_TEST_SUITE_P(
    All, Response,
    testing::Values(Verdict{"whole", "{}", R"({"a":1})", R"({"a":1})", nullptr},
                    Verdict{"whole_for_decimal", "{}", R"({"a":1.0})", R"({"a":1})", "$.a"},
                    Verdict{"decimal_for_whole", "{}", R"({"a":1})", R"({"a":1.0})", "$.a"},
                    Verdict{"keys_leave_values", keys, R"({"a":{"k1":1}})", R"({"a":{"k1":2}})", nullptr},
                    Verdict{"keys_are_checked", keys, R"({"a":{"k1":1}})", R"({"a":{"x":1}})", "$.a.x"},
                    Verdict{"deeper_rules_hold", keys_and_type, R"({"a":{"k1":1}})", R"({"a":{"k1":"x"}})", "$.a.k1"},
                    Verdict{"values_of_an_empty_object", each, R"({"a":{}})", R"({"a":{"k":"y"}})", "$.a.k"},
                    Verdict{"values_of_an_empty_list", each, R"({"a":[]})", R"({"a":["x1","y"]})", "$.a[1]"},
                    Verdict{"values_of_an_empty_list_fit", each, R"({"a":[]})", R"({"a":["x1"]})", nullptr},
                    Verdict{"equality_takes_no_more_keys", equal, R"({"a":{"b":1}})", R"({"a":{"b":1,"c":1}})",
                            "$.a.c"},
                    Verdict{"equality_is_local", equal, R"({"a":{"b":1}})", R"({"a":{"b":1},"c":1})", nullptr}),
    [](const auto& one) { return one.param.name; });

TEST(ContentType, OfAVendorIsNotJustJson) {
  const auto judge = [](const char* expected, const char* actual) {
    return match_body(json_body({{"a", 1}}, expected), json_body({{"a", 1}}, actual), {}, Direction::response).empty();
  };
  EXPECT_TRUE(judge("application/json", "application/vnd.x+json; charset=utf-8"));
  EXPECT_TRUE(judge("application/vnd.x+json", "application/vnd.x+json; charset=utf-8"));
  EXPECT_FALSE(judge("application/vnd.x+json", "application/json"));
  EXPECT_FALSE(judge("application/vnd.x+json", "application/vnd.y+json"));
}

TEST(SentPath, IsEscapedWhereItMustBe) {
  const auto target = [](const char* path) {
    HttpRequest request;
    request.path = path;
    return to_http(request).target;
  };
  EXPECT_EQ(target("/a%2Fb/x y"), "/a%2Fb/x%20y");
  EXPECT_EQ(target("/\xD0\xB6?q=1"), "/%D0%B6?q=1");
  EXPECT_EQ(target("/a\r\nX: y"), "/a%0D%0AX:%20y");
  EXPECT_EQ(target("/100%"), "/100%25");
  EXPECT_EQ(target(""), "/");
  EXPECT_EQ(target("users"), "/users");
}

TEST(SentHeader, ThatWasFoldedIsOneLine) {
  HttpRequest request;
  request.headers = {{"Content-Type", {"text/x-okie; a=1;\r\n    b=2"}}};
  EXPECT_EQ(to_http(request).headers.get("content-type"), "text/x-okie; a=1; b=2");
}

TEST(Sent, FramingIsTheSenders) {
  HttpResponse response;
  response.headers = {{"Content-Length", {"999"}}, {"transfer-encoding", {"chunked"}}, {"A", {"x\r\nEvil: 1"}}};
  const auto made = to_http(response);
  EXPECT_EQ(made.headers.size(), 1U);
  EXPECT_EQ(made.headers.get("a"), "x  Evil: 1");
  HttpRequest request;
  request.headers = response.headers;
  EXPECT_EQ(to_http(request).headers.size(), 1U);
}

TEST(File, MayBeginWithAByteOrderMark) {
  const std::string text =
      "\xEF\xBB\xBF"
      R"({"consumer":{"name":"c"},"provider":{"name":"p"},"interactions":[]})";
  const auto document = parse_pact(text, "x.json");
  ASSERT_TRUE(document);
  EXPECT_EQ(to_pact(document.value(), "x.json").value().consumer, "c");
}

}  // namespace
}  // namespace base::pact
