// What holds without matchers, and which rule a place gets.
#include "base/pact/match.hpp"

#include <gtest/gtest.h>

#include "base/pact/date_pattern.hpp"
#include "base/pact/multipart.hpp"
#include "base/pact/stub.hpp"

namespace base::pact {
namespace {

Json json(const std::string& text) {
  auto parsed = parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? std::move(parsed).value() : Json();
}

struct JsonCase {
  const char* expected;
  const char* actual;
  Direction direction;
  const char* path;  // of the first mismatch; null: none
};
class WithoutRules : public testing::TestWithParam<JsonCase> {};

TEST_P(WithoutRules, ComparesJson) {
  const auto& one = GetParam();
  const auto found = match_json(json(one.expected), json(one.actual), {}, one.direction);
  if (one.path == nullptr) {
    EXPECT_TRUE(found.empty()) << found[0].path << ": " << found[0].message;
  } else {
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found[0].path, one.path);
  }
}

INSTANTIATE_TEST_SUITE_P(All, WithoutRules,
                         testing::Values(JsonCase{R"({"a":1})", R"({"a":1,"b":2})", Direction::response, nullptr},
                                         JsonCase{R"({"a":1})", R"({"a":1,"b":2})", Direction::request, "$.b"},
                                         JsonCase{R"({"a":1,"b":2})", R"({"a":1})", Direction::response, "$.b"},
                                         JsonCase{R"({"a":{"b c":[1,2]}})", R"({"a":{"b c":[1,3]}})",
                                                  Direction::response, "$.a['b c'][1]"},
                                         JsonCase{R"([1,2])", R"([2,1])", Direction::response, "$[0]"},
                                         JsonCase{R"([1])", R"([1,2])", Direction::response, "$"},
                                         JsonCase{R"({"a":null})", R"({"a":null})", Direction::request, nullptr},
                                         JsonCase{R"({"a":null})", R"({})", Direction::request, "$.a"},
                                         JsonCase{R"({"a":1})", R"({"a":"1"})", Direction::response, "$.a"},
                                         JsonCase{R"({"a":[]})", R"({"a":{}})", Direction::response, "$.a"},
                                         JsonCase{R"({})", R"({"a":1})", Direction::request, "$.a"}));

struct HeaderCase {
  const char* name;
  const char* expected;
  const char* actual;
  bool fits;
};
class HeaderWithoutRules : public testing::TestWithParam<HeaderCase> {};

TEST_P(HeaderWithoutRules, Compares) {
  const auto& one = GetParam();
  HttpRequest expected;
  expected.headers = {{one.name, {one.expected}}};
  http::Request actual{"GET", "/", {}, {}};
  actual.headers.add("X-More", "is fine");
  actual.headers.add(one.name, one.actual);
  EXPECT_EQ(match_request(expected, actual).empty(), one.fits) << one.expected << " / " << one.actual;
}

INSTANTIATE_TEST_SUITE_P(
    All, HeaderWithoutRules,
    testing::Values(HeaderCase{"X-List", "a, b", "a,b", true}, HeaderCase{"X-List", "a,b", "a,   b", true},
                    HeaderCase{"X-List", "a,b", "b,a", false}, HeaderCase{"X-Case", "a", "A", false},
                    HeaderCase{"Content-Type", "application/json", "application/json;charset=UTF-8", true},
                    HeaderCase{"Content-Type", "application/json; charset=utf-8", "application/json;charset=UTF-8",
                               true},
                    HeaderCase{"Content-Type", "a/b;x=1;y=2", "a/b; y=2; x=1", true},
                    HeaderCase{"Content-Type", "a/b;x=1", "a/b;x=2", false},
                    HeaderCase{"Content-Type", "application/json;charset=utf-8", "application/json", false},
                    HeaderCase{"Accept", "a/b,c/d", "a/b, c/d", true},
                    HeaderCase{"Date", "Mon, 01 Jan 2026", "Mon,01 Jan 2026", false}));

TEST(Request, NamesOfHeadersHaveNoCase) {
  HttpRequest expected;
  expected.headers = {{"X-ID", {"1"}}};
  http::Request actual{"GET", "/", {}, {}};
  actual.headers.add("x-id", "1");
  EXPECT_TRUE(match_request(expected, actual).empty());
  actual.headers.remove("x-id");
  EXPECT_EQ(match_request(expected, actual).at(0).message, "expected the header, which is missing");
}

TEST(Request, OrderOfParametersIsFreeAndOfTheirValuesIsNot) {
  HttpRequest expected;
  expected.query = {{"a", {"1", "2"}}, {"b", {"x y"}}};
  EXPECT_TRUE(match_request(expected, {"GET", "/?b=x+y&a=1&a=2", {}, {}}).empty());
  EXPECT_EQ(match_request(expected, {"GET", "/?b=x%20y&a=2&a=1", {}, {}}).at(0).path, "a[0]");
  EXPECT_EQ(match_request(expected, {"GET", "/?b=x%20y&a=1", {}, {}}).at(0).message, "expected 2 value(s), got 1");
  const auto more = match_request(expected, {"GET", "/?b=x+y&a=1&a=2&c=3", {}, {}});
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].path, "c");
  EXPECT_EQ(more[0].message, "is not expected in a request");
}

TEST(Request, RulesOfParametersMayNameAnIndex) {
  HttpRequest expected;
  expected.query = {{"q", {"1", "fixed"}}};
  expected.rules = read_rules(json(R"({"$.query.q[0]":{"match":"regex","regex":"\\d+"}})"), "$").value();
  EXPECT_TRUE(match_request(expected, {"GET", "/?q=77&q=fixed", {}, {}}).empty());
  EXPECT_FALSE(match_request(expected, {"GET", "/?q=x&q=fixed", {}, {}}).empty());
  EXPECT_FALSE(match_request(expected, {"GET", "/?q=7&q=8", {}, {}}).empty());
}

TEST(Request, MethodHasNoCaseAndPathHas) {
  HttpRequest expected;
  expected.path = "/A%20b";
  EXPECT_TRUE(match_request(expected, {"get", "/A b", {}, {}}).empty());
  EXPECT_EQ(match_request(expected, {"PUT", "/a%20b", {}, {}}).size(), 2U);
}

TEST(Body, MissingEmptyAndNullDiffer) {
  const Body nothing;
  Body empty;
  empty.state = Body::State::empty;
  Body null = empty;
  null.state = Body::State::null;
  null.content_type = "application/json";
  Body some = json_body({{"a", 1}});
  EXPECT_TRUE(match_body(nothing, some, {}, Direction::request).empty());
  EXPECT_FALSE(match_body(empty, some, {}, Direction::request).empty());
  EXPECT_TRUE(match_body(null, json_body(nullptr), {}, Direction::request).empty());
  EXPECT_TRUE(match_body(null, empty, {}, Direction::request).empty());
  EXPECT_FALSE(match_body(null, some, {}, Direction::request).empty());
  EXPECT_EQ(match_body(some, empty, {}, Direction::request).at(0).message, "expected a body, which is missing");
}

TEST(Metadata, OrderOfKeysDoesNotCount) {
  EXPECT_TRUE(match_metadata(json(R"({"m":{"a":1,"b":2}})"), json(R"({"m":{"b":2,"a":1}})"), {}).empty());
  EXPECT_FALSE(match_metadata(json(R"({"m":{"a":1,"b":2}})"), json(R"({"m":{"b":2,"a":2}})"), {}).empty());
  EXPECT_TRUE(match_metadata({{"contentType", "a/b"}}, {{"contentType", "a/b;charset=utf-8"}}, {}).empty());
  EXPECT_EQ(match_metadata({{"k", 1}}, Json::object(), {}).at(0).message, "expected a value, there is none");
}

TEST(Body, OfAnotherTypeIsAMismatch) {
  Body text;
  text.state = Body::State::present;
  text.bytes = "a";
  text.content_type = "text/plain";
  EXPECT_EQ(match_body(json_body("a"), text, {}, Direction::request).at(0).message,
            "expected a body of type application/json, got text/plain");
  Body problem = json_body({{"a", 1}}, "application/problem+json");
  EXPECT_TRUE(match_body(json_body({{"a", 1}}), problem, {}, Direction::request).empty());
}

TEST(Body, FormsAreComparedByField) {
  const auto form = [](const std::string& bytes) {
    return Body{Body::State::present, bytes, "application/x-www-form-urlencoded", {}, Json::object()};
  };
  const auto rules = read_category(json(R"({"$.n":{"matchers":[{"match":"integer"}]}})"), "$", false).value();
  EXPECT_TRUE(match_body(form("n=1&s=a+b"), form("s=a%20b&n=77"), rules, Direction::request).empty());
  EXPECT_EQ(match_body(form("n=1&s=a"), form("n=x&s=a"), rules, Direction::request).at(0).path, "n");
  EXPECT_FALSE(match_body(form("n=1"), form("n=1&m=2"), rules, Direction::request).empty());
}

TEST(Body, BytesAreComparedAsTheyAreOrByTheirType) {
  const auto bytes = [](const std::string& content) {
    return Body{Body::State::present, content, "image/png", {}, Json::object()};
  };
  const std::string png = "\x89PNG\r\n\x1a\n";
  EXPECT_FALSE(match_body(bytes(png + "a"), bytes(png + "b"), {}, Direction::response).empty());
  const auto rules =
      read_category(json(R"({"$":{"matchers":[{"match":"contentType","value":"image/png"}]}})"), "$", false).value();
  EXPECT_TRUE(match_body(bytes(png + "a"), bytes(png + "b"), rules, Direction::response).empty());
  EXPECT_EQ(match_body(bytes(png), bytes("GIF89a"), rules, Direction::response).at(0).message,
            "expected content of type image/png, got image/gif");
}

std::string multipart(const std::string& boundary, const std::string& note, const std::string& file) {
  return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n" + note + "\r\n--" + boundary +
         "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.json\"\r\nContent-Type: "
         "application/json\r\n\r\n" +
         file + "\r\n--" + boundary + "--\r\n";
}

TEST(Body, MultipartIsComparedByPartWhateverTheBoundary) {
  const auto body = [](const std::string& boundary, const std::string& bytes) {
    return Body{Body::State::present, bytes, "multipart/form-data; boundary=" + boundary, {}, Json::object()};
  };
  const auto expected = body("AaB03x", multipart("AaB03x", "hi", R"({"id":1})"));
  const auto rules = read_category(json(R"({"$.file.id":{"matchers":[{"match":"integer"}]}})"), "$", false).value();
  EXPECT_TRUE(
      match_body(expected, body("zzz", multipart("zzz", "hi", R"({"id":77})")), rules, Direction::request).empty());
  const auto found =
      match_body(expected, body("zzz", multipart("zzz", "ho", R"({"id":"x"})")), rules, Direction::request);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].path, "$.note");
  EXPECT_EQ(found[1].path, "$.file.id");
  EXPECT_FALSE(match_body(expected, body("zzz", "--zzz\r\nbroken"), rules, Direction::request).empty());
}

struct WeightCase {
  const char* expression;
  std::uint64_t weight;
};
class Weight : public testing::TestWithParam<WeightCase> {};

// The table of the specification, version 3, "Matcher selection algorithm".
TEST_P(Weight, IsTheProductOfItsElements) {
  const Where place = {"item1", "level", "1", "id"};
  EXPECT_EQ(PathExpression::parse(GetParam().expression).value().weight(place), GetParam().weight);
}

INSTANTIATE_TEST_SUITE_P(All, Weight,
                         testing::Values(WeightCase{"$", 2}, WeightCase{"$.item1", 4}, WeightCase{"$.item2", 0},
                                         WeightCase{"$.item1.level", 8}, WeightCase{"$.item1.level[1]", 16},
                                         WeightCase{"$.item1.level[1].id", 32}, WeightCase{"$.item1.level[1].name", 0},
                                         WeightCase{"$.item1.level[2].id", 0}, WeightCase{"$.item1.level[*].id", 16},
                                         WeightCase{"$.*.level[*].id", 8}, WeightCase{"$['item1']['level'][1]", 16},
                                         WeightCase{"item1.level", 8}));

class BrokenPath : public testing::TestWithParam<const char*> {};
TEST_P(BrokenPath, IsRefusedWithThePlace) {
  const auto parsed = PathExpression::parse(GetParam());
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message.find(" at "), std::string::npos) << parsed.error().message;
}
INSTANTIATE_TEST_SUITE_P(All, BrokenPath,
                         testing::Values("$.", "$a", "$[", "$['a]", "$[x]", "$.a[-1]", "$.a..b", "$['a'"));

TEST(Rules, TheMostSpecificOneDecides) {
  const auto rules = read_category(json(R"({"$.*":{"matchers":[{"match":"type"}]},
      "$.a":{"matchers":[{"match":"equality"}]}, "$.list":{"matchers":[{"match":"type","min":1}]},
      "$.list[*].id":{"matchers":[{"match":"integer"}]}, "$.list[0].id":{"matchers":[{"match":"equality"}]}})"),
                                   "$", false)
                         .value();
  const auto expected = json(R"({"a":"x","b":"x","list":[{"id":1,"n":"x"}]})");
  EXPECT_TRUE(match_json(expected, json(R"({"a":"x","b":"y","list":[{"id":1,"n":"z"},{"id":9,"n":"w"}]})"), rules,
                         Direction::request)
                  .empty());
  EXPECT_EQ(match_json(expected, json(R"({"a":"y","b":"y","list":[{"id":1,"n":"z"}]})"), rules, Direction::request)
                .at(0)
                .path,
            "$.a");
  EXPECT_EQ(match_json(expected, json(R"({"a":"x","b":"y","list":[{"id":2,"n":"z"}]})"), rules, Direction::request)
                .at(0)
                .path,
            "$.list[0].id");
  EXPECT_EQ(
      match_json(expected, json(R"({"a":"x","b":"y","list":[{"id":1,"n":1}]})"), rules, Direction::request).at(0).path,
      "$.list[0].n");
  EXPECT_EQ(match_json(expected, json(R"({"a":"x","b":"y","list":[]})"), rules, Direction::request).at(0).rule,
            "type (min 1)");
}

struct DateCase {
  const char* pattern;
  const char* text;
  bool fits;
};
class Dates : public testing::TestWithParam<DateCase> {};
TEST_P(Dates, FollowThePattern) {
  const auto pattern = DatePattern::parse(GetParam().pattern);
  ASSERT_TRUE(pattern) << pattern.error().message;
  const auto wrong = pattern.value().mismatch(GetParam().text);
  EXPECT_EQ(!wrong, GetParam().fits) << (wrong ? *wrong : GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(
    All, Dates,
    testing::Values(DateCase{"yyyyMMdd", "20260102", true}, DateCase{"yyyyMMdd", "2026012", false},
                    DateCase{"d/M/yy", "1/2/26", true}, DateCase{"dd/MM/yy", "1/2/26", false},
                    DateCase{"EEE, dd MMM yyyy HH:mm:ss Z", "Fri, 02 Jan 2026 03:04:05 +0100", true},
                    DateCase{"EEE, dd MMM yyyy HH:mm:ss Z", "Fry, 02 Jan 2026 03:04:05 +0100", false},
                    DateCase{"EEEE MMMM", "Monday August", true}, DateCase{"h:mm a", "12:30 PM", true},
                    DateCase{"h:mm a", "13:30 PM", false}, DateCase{"HH:mm:ss[.SSS]X", "01:02:03Z", true},
                    DateCase{"HH:mm:ss[.SSS]X", "01:02:03.123+01", true},
                    DateCase{"HH:mm:ss[.SSS]X", "01:02:03.12Z", false},
                    DateCase{"yyyy-MM-dd'T'HH:mm''", "2026-01-02T03:04'", true}, DateCase{"XXX", "+02:00", true},
                    DateCase{"XXX", "+0200", false}, DateCase{"xx", "+0200", true}, DateCase{"xx", "Z", false},
                    DateCase{"VV", "Europe/Berlin", true}, DateCase{"D", "366", true}, DateCase{"D", "367", false},
                    DateCase{"yyyy-MM-dd", "2026-04-31", false}, DateCase{"yyyy-MM-dd ", "2026-04-30", false}));

TEST(Dates, AreWrittenAsTheyAreRead) {
  const auto time = Wall(std::chrono::milliseconds(1'767'323'045'678));  // 2026-01-02T03:04:05.678Z
  for (const auto& [pattern, text] :
       std::vector<std::pair<const char*, const char*>>{{"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-01-02T03:04:05.678Z"},
                                                        {"EEE, d MMM yyyy h:mm a", "Fri, 2 Jan 2026 3:04 AM"},
                                                        {"yy D Q k K A", "26 2 1 3 3 11045678"},
                                                        {"EEEE MMMM zzz xxx", "Friday January UTC +00:00"}}) {
    const auto parsed = DatePattern::parse(pattern).value();
    EXPECT_EQ(parsed.format(time), text);
    EXPECT_FALSE(parsed.mismatch(text)) << *parsed.mismatch(text);
  }
  EXPECT_FALSE(DatePattern::parse("yyyy-RR"));
  EXPECT_FALSE(DatePattern::parse("'open"));
  EXPECT_FALSE(DatePattern::parse("[yyyy"));
}

Interaction get(const std::string& description, const std::string& path, std::vector<std::string> states = {}) {
  Interaction one;
  one.description = description;
  one.request.path = path;
  for (auto& state : states) one.states.push_back({std::move(state), Json::object(), Json::object()});
  return one;
}

TEST(Choice, TheOneThatLeavesLeastOpenAnswers) {
  auto any = get("any", "/1");
  any.request.rules.path =
      read_rules(json(R"({"path":{"matchers":[{"match":"regex","regex":"/\\d"}]}})"), "$").value().path;
  const auto exact = get("exact", "/1");
  const std::vector<const Interaction*> all = {&any, &exact};
  EXPECT_EQ(choose_interaction(all, {"GET", "/1", {}, {}}).interaction, &exact);
  EXPECT_EQ(choose_interaction(all, {"GET", "/2", {}, {}}).interaction, &any);
  const auto none = choose_interaction(all, {"GET", "/x", {}, {}});
  EXPECT_FALSE(none.fits);
  EXPECT_EQ(no_interaction({"GET", "/x", {}, {}}, none).status, 500);
}

TEST(Choice, AHeaderPicksTheState) {
  const auto there = get("there", "/1", {"a user exists"});
  const auto away = get("away", "/1", {"no user exists"});
  const std::vector<const Interaction*> all = {&there, &away};
  http::Request request{"GET", "/1", {}, {}};
  EXPECT_EQ(choose_interaction(all, request).interaction, &there);
  request.headers.add("x-pact-state", "no user exists");
  EXPECT_EQ(choose_interaction(all, request).interaction, &away);
  request.headers.set("x-pact-state", "another");
  EXPECT_EQ(choose_interaction(all, request).interaction, nullptr);
}

}  // namespace
}  // namespace base::pact
