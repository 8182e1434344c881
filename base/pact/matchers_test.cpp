// Every matcher, with a value that fits and one that does not, in the body, a header, the query, the path and metadata.
#include <gtest/gtest.h>

#include "base/pact/file.hpp"
#include "base/pact/match.hpp"

namespace base::pact {
namespace {

struct Case {
  const char* name;
  const char* rule;      // JSON
  const char* example;   // JSON
  const char* fits;      // JSON
  const char* does_not;  // JSON
  bool in_text = true;   // has a meaning where values are texts
};

Json json(const std::string& text) {
  auto parsed = parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? std::move(parsed).value() : Json();
}
std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : dump_json(value); }
Json rules_of(const std::string& rule) { return {{"combine", "AND"}, {"matchers", Json::array({json(rule)})}}; }

// By the whole way: a Pact file with one interaction, read, and its part compared.
Interaction interaction(Json request) {
  const Json file = {{"consumer", {{"name", "c"}}},
                     {"provider", {{"name", "p"}}},
                     {"interactions", Json::array({{{"type", "Synchronous/HTTP"},
                                                    {"description", "x"},
                                                    {"request", std::move(request)},
                                                    {"response", {{"status", 200}}}}})},
                     {"metadata", {{"pactSpecification", {{"version", "4.0"}}}}}};
  auto pact = read_pact(dump_json(file), "test");
  EXPECT_TRUE(pact) << pact.error().message;
  return pact ? pact.value().interactions.at(0) : Interaction{};
}

std::vector<Mismatch> in_body(const Case& one, const Json& actual) {
  const auto made =
      interaction({{"body", {{"contentType", "application/json"}, {"content", {{"v", json(one.example)}}}}},
                   {"matchingRules", {{"body", {{"$.v", rules_of(one.rule)}}}}}});
  http::Request request{"GET", "/", {}, dump_json({{"v", actual}})};
  request.headers.add("Content-Type", "application/json");
  return match_request(made.request, request);
}

std::vector<Mismatch> in_header(const Case& one, const Json& actual) {
  const auto made = interaction({{"headers", {{"X-V", plain(json(one.example))}}},
                                 {"matchingRules", {{"header", {{"x-v", rules_of(one.rule)}}}}}});
  http::Request request{"GET", "/", {}, {}};
  request.headers.add("X-V", plain(actual));
  return match_request(made.request, request);
}

std::vector<Mismatch> in_query(const Case& one, const Json& actual) {
  const auto made = interaction(
      {{"query", {{"v", {plain(json(one.example))}}}}, {"matchingRules", {{"query", {{"v", rules_of(one.rule)}}}}}});
  return match_request(made.request, {"GET", "/?v=" + http::percent_encode(plain(actual)), {}, {}});
}

std::vector<Mismatch> in_path(const Case& one, const Json& actual) {
  const auto made =
      interaction({{"path", plain(json(one.example))}, {"matchingRules", {{"path", rules_of(one.rule)}}}});
  return match_request(made.request, {"GET", plain(actual), {}, {}});
}

std::vector<Mismatch> in_metadata(const Case& one, const Json& actual) {
  const auto rules = read_category(Json{{"v", rules_of(one.rule)}}, "$", true);
  EXPECT_TRUE(rules);
  return match_metadata({{"v", json(one.example)}}, {{"v", actual}}, rules.value());
}

class Matcher : public testing::TestWithParam<Case> {};

TEST_P(Matcher, DecidesInBodies) {
  const auto& one = GetParam();
  EXPECT_TRUE(in_body(one, json(one.fits)).empty()) << in_body(one, json(one.fits))[0].message;
  const auto found = in_body(one, json(one.does_not));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].where, Place::body);
  EXPECT_TRUE(found[0].path.starts_with("$.v")) << found[0].path;
  EXPECT_FALSE(found[0].rule.empty());
}

TEST_P(Matcher, DecidesInHeaders) {
  const auto& one = GetParam();
  if (!one.in_text) return;  // of collections and types: a header is a text
  EXPECT_TRUE(in_header(one, json(one.fits)).empty()) << in_header(one, json(one.fits))[0].message;
  const auto found = in_header(one, json(one.does_not));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].where, Place::header);
  EXPECT_EQ(found[0].path, "X-V");
}

TEST_P(Matcher, DecidesInQueries) {
  const auto& one = GetParam();
  if (!one.in_text) return;
  EXPECT_TRUE(in_query(one, json(one.fits)).empty()) << in_query(one, json(one.fits))[0].message;
  const auto found = in_query(one, json(one.does_not));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].where, Place::query);
  EXPECT_EQ(found[0].path, "v");
}

TEST_P(Matcher, DecidesInPaths) {
  const auto& one = GetParam();
  if (!one.in_text) return;
  EXPECT_TRUE(in_path(one, json(one.fits)).empty()) << in_path(one, json(one.fits))[0].message;
  const auto found = in_path(one, json(one.does_not));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].where, Place::path);
}

TEST_P(Matcher, DecidesInMetadata) {
  const auto& one = GetParam();
  const auto fits = in_metadata(one, json(one.fits));
  EXPECT_TRUE(fits.empty()) << fits[0].message;
  const auto found = in_metadata(one, json(one.does_not));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].where, Place::metadata);
  EXPECT_TRUE(found[0].path.starts_with("v")) << found[0].path;
}

INSTANTIATE_TEST_SUITE_P(
    All, Matcher,
    testing::Values(
        Case{"equality", R"({"match":"equality"})", R"("a")", R"("a")", R"("b")"},
        Case{"regex", R"({"match":"regex","regex":"[a-c]+\\d"})", R"("a1")", R"("cab7")", R"("cab77")"},
        Case{"regex_named_group", R"({"match":"regex","regex":"(?<letter>a)\\Z"})", R"("a")", R"("a")", R"("aa")"},
        Case{"type", R"({"match":"type"})", R"([1])", R"([2.5])", R"({"x":1})", false},
        Case{"type_min", R"({"match":"type","min":2})", R"([1,2])", R"([7,8,9])", R"([7])", false},
        Case{"type_max", R"({"match":"type","max":2})", R"([1])", R"([7,8])", R"([7,8,9])", false},
        Case{"type_min_max", R"({"match":"type","min":1,"max":2})", R"([1])", R"([5,6])", R"([])", false},
        Case{"type_min_as_text", R"({"match":"type","min":"2"})", R"([1,2])", R"([7,8])", R"([7])", false},
        Case{"type_of_elements", R"({"match":"type"})", R"([1])", R"([7,8])", R"(["x"])", false},
        Case{"min_without_match", R"({"min":1})", R"([1])", R"([7])", R"([])", false},
        Case{"include", R"({"match":"include","value":"ell"})", R"("hello")", R"("bell")", R"("hero")"},
        Case{"integer", R"({"match":"integer"})", R"(1)", R"(-7)", R"(7.5)"},
        Case{"decimal", R"({"match":"decimal"})", R"(1.5)", R"(-7.25)", R"(7)"},
        Case{"real", R"({"match":"real"})", R"(1.5)", R"(2.5)", R"(2)"},
        Case{"number", R"({"match":"number"})", R"(1)", R"(7.5)", R"("seven")"},
        Case{"date", R"({"match":"date","format":"yyyy-MM-dd"})", R"("2026-01-02")", R"("2024-02-29")",
             R"("2023-02-29")"},
        Case{"date_without_format", R"({"match":"date"})", R"("2026-01-02")", R"("1999-12-31")", R"("31.12.1999")"},
        Case{"time", R"({"match":"time","format":"HH:mm"})", R"("12:00")", R"("23:59")", R"("24:00")"},
        Case{"datetime", R"({"match":"datetime","format":"yyyy-MM-dd'T'HH:mm:ss.SSSXXX"})",
             R"("2026-01-02T03:04:05.000Z")", R"("2026-12-31T23:59:59.999+02:00")", R"("2026-12-31T23:59:59+02:00")"},
        Case{"timestamp", R"({"match":"timestamp","timestamp":"dd MMM yyyy HH:mm"})", R"("02 Jan 2026 03:04")",
             R"("31 Dec 1999 23:59")", R"("31 Foo 1999 23:59")"},
        Case{"null", R"({"match":"null"})", R"(null)", R"(null)", R"("x")", false},
        Case{"boolean", R"({"match":"boolean"})", R"(true)", R"(false)", R"("yes")"},
        Case{"content_type", R"({"match":"contentType","value":"application/pdf"})", R"("%PDF-1.4")", R"("%PDF-1.7 x")",
             R"("GIF89a")"},
        Case{"values", R"({"match":"values"})", R"({"a":1})", R"({"b":1,"c":1})", R"({"b":2})", false},
        Case{"array_contains",
             R"({"match":"arrayContains","variants":[{"index":0,"rules":{"$":{"matchers":[{"match":"integer"}]}}}]})",
             R"([1])", R"(["x",7])", R"(["x",7.5])", false},
        Case{"array_contains_all", R"({"match":"arrayContains"})", R"([1,2])", R"([2,3,1])", R"([2,3])", false},
        Case{"status_code_class", R"({"match":"statusCode","status":"success"})", R"("200")", R"("204")", R"("404")"},
        Case{"status_code_list", R"({"match":"statusCode","status":[200,404]})", R"("200")", R"("404")", R"("500")"},
        Case{"not_empty", R"({"match":"notEmpty"})", R"("a")", R"("b")", R"("")", false},
        Case{"semver", R"({"match":"semver"})", R"("1.0.0")", R"("1.2.3-rc.1+b7")", R"("1.2")"},
        Case{"each_key", R"({"match":"eachKey","rules":[{"match":"regex","regex":"k\\d"}]})", R"({"k1":1})",
             R"({"k1":1,"k2":5})", R"({"k1":1,"x":1})", false},
        Case{"each_value", R"({"match":"eachValue","rules":[{"match":"integer"}]})", R"({"a":1})", R"({"b":7,"c":8})",
             R"({"b":7,"c":"x"})", false},
        Case{"each_value_of_a_list", R"({"match":"eachValue","rules":[{"match":"regex","regex":"a+"}]})", R"(["a"])",
             R"(["a","aaa"])", R"(["a","b"])", false}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(MatcherOfStatus, ByClassAndByList) {
  const auto response = [](const char* rule) {
    HttpResponse expected;
    expected.rules.status = read_rules(Json{{"status", rules_of(rule)}}, "$").value().status;
    return expected;
  };
  const auto clients = response(R"({"match":"statusCode","status":"clientError"})");
  EXPECT_TRUE(match_response(clients, {404, {}, {}}).empty());
  const auto found = match_response(clients, {500, {}, {}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].where, Place::status);
  EXPECT_EQ(found[0].message, "expected the status 400 to 499, got 500");
  EXPECT_TRUE(match_response(response(R"({"match":"integer"})"), {418, {}, {}}).empty());
}

TEST(MatcherOfStatus, ExactWithoutOne) {
  EXPECT_EQ(match_response(HttpResponse{}, {201, {}, {}}).at(0).message, "expected the status 200, got 201");
}

TEST(Combined, WithAndAllMustHold) {
  const auto rules = read_category(json(R"({"v":{"combine":"AND","matchers":[
      {"match":"include","value":"a"},{"match":"include","value":"b"}]}})"),
                                   "$", true)
                         .value();
  EXPECT_TRUE(match_metadata({{"v", "ab"}}, {{"v", "b a"}}, rules).empty());
  EXPECT_EQ(match_metadata({{"v", "ab"}}, {{"v", "a"}}, rules).size(), 1U);
  EXPECT_EQ(match_metadata({{"v", "ab"}}, {{"v", "c"}}, rules).size(), 2U);
}

TEST(Combined, WithOrOneIsEnough) {
  const auto rules =
      read_category(json(R"({"$.v":{"combine":"OR","matchers":[{"match":"integer"},{"match":"null"}]}})"), "$", false)
          .value();
  const auto with = [&](const Json& value) {
    return match_json({{"v", 1}}, {{"v", value}}, rules, Direction::response).size();
  };
  EXPECT_EQ(with(7), 0U);
  EXPECT_EQ(with(nullptr), 0U);
  EXPECT_EQ(with("x"), 2U);
}

TEST(Unknown, AMatcherThatNobodyKnowsIsAMismatchThatNamesIt) {
  const auto rule = read_rule(json(R"({"match":"telepathy","strength":3})")).value();
  EXPECT_EQ(check(rule, "a", "a"), "the matcher \"telepathy\" is not known");
  EXPECT_EQ(write_rule(rule)["strength"], 3);
}

TEST(Unsupported, LookAheadIsSaidAndNeverRun) {
  const auto rule = read_rule(json(R"({"match":"regex","regex":"(?=a)a"})")).value();
  const auto message = check(rule, "a", "a");
  ASSERT_TRUE(message);
  EXPECT_NE(message->find("cannot be used"), std::string::npos) << *message;
}

TEST(Attack, ARegexOfCatastrophicBacktrackingTakesNoTime) {
  const auto rule = read_rule(json(R"json({"match":"regex","regex":"(a+)+$"})json")).value();
  EXPECT_TRUE(check(rule, "a", std::string(100'000, 'a') + "!"));
}

TEST(Attack, NestedArrayContainsEndsWithAMismatch) {
  Json rule = {{"match", "arrayContains"}, {"variants", Json::array()}};
  for (int i = 0; i < 8; ++i) {
    rule = {{"match", "arrayContains"},
            {"variants", Json::array({{{"index", 0}, {"rules", {{"$", {{"matchers", Json::array({rule})}}}}}}})}};
  }
  Json list = "x";
  for (int i = 0; i < 9; ++i) list = Json::array({list, list, list});
  const auto rules = read_category(Json{{"$", {{"matchers", Json::array({rule})}}}}, "$", false);
  ASSERT_TRUE(rules);
  Json other = list;
  for (Json* at = &other; at->is_array(); at = &(*at)[0]) {
    if (!(*at)[0].is_array()) (*at)[0] = "y";
  }
  const auto found = match_json(other, list, rules.value(), Direction::request);
  EXPECT_LE(found.size(), max_mismatches);
}

}  // namespace
}  // namespace base::pact
