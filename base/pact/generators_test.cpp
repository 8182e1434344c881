// Every generator: what it makes fits the matcher beside it, in the body, a header, the query, the path and metadata;
// and one that cannot make anything says why.
#include <gtest/gtest.h>

#include "base/pact/match.hpp"
#include "base/pact/model.hpp"

namespace base::pact {
namespace {

// The same sequence in every run (splitmix64).
class Sequence final : public Random {
 public:
  explicit Sequence(std::uint64_t seed = 7) : state_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& byte : bytes) {
      state_ += 0x9E3779B97F4A7C15ULL;
      auto z = state_;
      z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
      byte = static_cast<std::uint8_t>(z ^ (z >> 31U));
    }
  }

 private:
  std::uint64_t state_;
};

const auto now = Wall(std::chrono::milliseconds(1'767'323'045'678));  // 2026-01-02T03:04:05.678Z, a Friday

Json json(const std::string& text) {
  auto parsed = parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? std::move(parsed).value() : Json();
}

GenerateContext context(Random& random) {
  GenerateContext made{random, now, true, {{"id", 7}, {"name", "ann"}}, "http://127.0.0.1:9"};
  return made;
}

struct Case {
  const char* name;
  const char* generator;
  const char* example;
  const char* must;  // a regex
};
class Generator_ : public testing::TestWithParam<Case> {
 protected:
  void expect_fits(const std::string& text) const {
    const auto rule = read_rule({{"match", "regex"}, {"regex", GetParam().must}}).value();
    const auto wrong = check(rule, "", text);
    EXPECT_FALSE(wrong) << *wrong;
  }
  static std::string plain(const Json& value) {
    return value.is_string() ? value.get<std::string>() : dump_json(value);
  }
  Json written() const { return json(GetParam().generator); }
  Json example() const { return json(GetParam().example); }
  Sequence random;
};

TEST_P(Generator_, InBodies) {
  HttpRequest request;
  request.body = json_body({{"list", Json::array({{{"v", example()}}})}});
  request.generators = read_generators({{"body", {{"$.list[*].v", written()}}}}, "$").value();
  const auto made = generate(request, context(random));
  ASSERT_TRUE(made) << made.error().message;
  expect_fits(plain(json(made.value().body.bytes)["list"][0]["v"]));
}

TEST_P(Generator_, InHeadersQueriesAndPaths) {
  HttpRequest request;
  request.path = plain(example());
  request.query = {{"v", {plain(example())}}};
  request.headers = {{"X-V", {plain(example())}}};
  request.generators =
      read_generators({{"path", written()}, {"query", {{"v", written()}}}, {"header", {{"x-v", written()}}}}, "$")
          .value();
  const auto made = generate(request, context(random));
  ASSERT_TRUE(made) << made.error().message;
  expect_fits(made.value().path);
  expect_fits(made.value().query[0].second[0]);
  expect_fits(made.value().headers[0].second[0]);
}

TEST_P(Generator_, InMetadata) {
  Message message;
  message.metadata = {{"v", example()}};
  message.generators = read_generators({{"metadata", {{"v", written()}}}}, "$").value();
  const auto made = generate(message, context(random));
  ASSERT_TRUE(made) << made.error().message;
  expect_fits(plain(made.value().metadata["v"]));
}

TEST_P(Generator_, IsTheSameWithTheSameSeed) {
  Sequence one(3);
  Sequence two(3);
  EXPECT_EQ(generate(written(), example(), context(one)).value(), generate(written(), example(), context(two)).value());
}

constexpr const char* uuid_text = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

INSTANTIATE_TEST_SUITE_P(
    All, Generator_,
    testing::Values(
        Case{"random_int", R"({"type":"RandomInt","min":10,"max":19})", "1", "1[0-9]"},
        Case{"random_int_negative", R"({"type":"RandomInt","min":-5,"max":-5})", "1", "-5"},
        Case{"random_decimal", R"({"type":"RandomDecimal","digits":6})", "1.5", R"([1-9]\d*\.\d*[1-9])"},
        Case{"random_decimal_text", R"({"type":"RandomDecimal","digits":20})", R"("1.5")", R"([\d.]{21})"},
        Case{"random_hexadecimal", R"({"type":"RandomHexadecimal","digits":8})", R"("A")", "[0-9A-F]{8}"},
        Case{"random_string", R"({"type":"RandomString","size":12})", R"("A")", "[0-9A-Za-z]{12}"},
        Case{"regex", R"({"type":"Regex","regex":"^(a|bc)\\d{2,3}[x-z]+(?:-[^a-z ])?$"})", R"("A")",
             R"((a|bc)\d{2,3}[x-z]+(?:-[^a-z ])?)"},
        Case{"date", R"({"type":"Date"})", R"("A")", "2026-01-02"},
        Case{"date_expression", R"({"type":"Date","format":"dd.MM.yyyy","expression":"+ 1 month - 3 days"})", R"("A")",
             R"(30\.01\.2026)"},
        Case{"date_weekday", R"({"type":"Date","expression":"next monday"})", R"("A")", "2026-01-05"},
        Case{"date_last_weekday", R"({"type":"Date","expression":"today last fri"})", R"("A")", "2025-12-26"},
        Case{"date_month_end", R"({"type":"Date","expression":"+ 29 days + 1 month"})", R"("A")", "2026-02-28"},
        Case{"time", R"({"type":"Time"})", R"("A")", "03:04:05"},
        Case{"time_expression", R"({"type":"Time","format":"HH:mm","expression":"noon - 90 minutes"})", R"("A")",
             "10:30"},
        Case{"time_o_clock", R"({"type":"Time","format":"HH:mm","expression":"7 o'clock pm + 1 hour"})", R"("A")",
             "20:00"},
        Case{"date_time", R"({"type":"DateTime"})", R"("A")", R"(2026-01-02T03:04:05\.678Z)"},
        Case{"date_time_expression",
             R"({"type":"DateTime","format":"yyyy-MM-dd HH:mm","expression":"tomorrow @ midnight + 5 minutes"})",
             R"("A")", "2026-01-03 00:05"},
        Case{"uuid", R"({"type":"Uuid"})", R"("A")", uuid_text},
        Case{"uuid_simple", R"({"type":"Uuid","format":"simple"})", R"("A")", "[0-9a-f]{32}"},
        Case{"uuid_upper", R"({"type":"Uuid","format":"upper-case-hyphenated"})", R"("A")",
             "[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"},
        Case{"uuid_urn", R"({"type":"Uuid","format":"URN"})", R"("A")", "urn:uuid:[0-9a-f-]{36}"},
        Case{"random_boolean", R"({"type":"RandomBoolean"})", "true", "true|false"},
        Case{"provider_state", R"({"type":"ProviderState","expression":"id"})", "1", "7"},
        Case{"provider_state_text", R"({"type":"ProviderState","expression":"/users/${id}/${name}"})", R"("A")",
             "/users/7/ann"},
        Case{"provider_state_type", R"({"type":"ProviderState","expression":"${id}","dataType":"STRING"})", R"("A")",
             "7"}),
    [](const auto& param) { return std::string(param.param.name); });

class NotGenerated : public testing::TestWithParam<std::pair<const char*, const char*>> {};
TEST_P(NotGenerated, SaysWhy) {
  Sequence random;
  const auto made = generate(json(GetParam().first), "A", context(random));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid);
  EXPECT_NE(made.error().message.find(GetParam().second), std::string::npos) << made.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    All, NotGenerated,
    testing::Values(std::pair{R"({"type":"RandomInt","min":2,"max":1})", "a max below its min"},
                    std::pair{R"({"type":"RandomDecimal","digits":-1})", "not within 0 and 10000"},
                    std::pair{R"({"type":"RandomHexadecimal","digits":99999})", "not within 0 and 10000"},
                    std::pair{R"({"type":"RandomString","size":-1})", "not within 0 and 10000"},
                    std::pair{R"json({"type":"Regex","regex":"(?=a)"})json", "look-around is not supported"},
                    std::pair{R"json({"type":"Regex","regex":"(a)\\1"})json", "back references are not supported"},
                    std::pair{R"json({"type":"Regex","regex":"((((a{100}){100}){100}){100})"})json", "too long"},
                    std::pair{R"json({"type":"Regex","regex":"(a"})json", "not closed"},
                    std::pair{R"({"type":"Date","format":"RR"})", "the letter R is not known"},
                    std::pair{R"({"type":"Date","expression":"+ 1 parsec"})", "not understood at \"parsec\""},
                    std::pair{R"({"type":"Time","expression":"noon + soon"})", "not understood at \"soon\""},
                    std::pair{R"({"type":"DateTime","expression":"today @ 99 o'clock"})", "not understood"},
                    std::pair{R"({"type":"Uuid","format":"long"})", "which is not known"},
                    std::pair{R"({"type":"ProviderState","expression":"${nothing}"})", "no provider state has"},
                    std::pair{R"({"type":"ProviderState","expression":"name","dataType":"INTEGER"})",
                              "needs INTEGER"}));

TEST(Generated, MockServerUrlOnlyWhereAMockServerIs) {
  Sequence random;
  auto made = context(random);
  const auto generator =
      json(R"({"type":"MockServerURL","regex":".*(/orders/\\d+)$","example":"http://localhost:1/orders/5"})");
  EXPECT_EQ(generate(generator, "http://x/orders/5", made).value(), "http://x/orders/5");
  made.verifying = false;
  EXPECT_EQ(generate(generator, "http://x/orders/5", made).value(), "http://127.0.0.1:9/orders/5");
}

TEST(Generated, ProviderStateIsTheVerifiers) {
  Sequence random;
  auto mock = context(random);
  mock.verifying = false;
  EXPECT_EQ(generate(json(R"({"type":"ProviderState","expression":"id"})"), 1, mock).value(), 1);
}

TEST(Generated, WhatIsNotKnownIsRefusedByItsName) {
  Sequence random;
  const auto refused = [&](const std::string& generators) {
    HttpRequest request;
    request.generators = read_generators(json(generators), "$").value();
    const auto made = generate(request, context(random));
    HttpResponse response;
    response.generators = request.generators;
    Message message;
    message.generators = request.generators;
    EXPECT_FALSE(generate(response, context(random))) << generators;
    EXPECT_FALSE(generate(message, context(random))) << generators;
    return made ? "it was taken" : made.error().message;
  };
  EXPECT_NE(refused(R"({"wibble":{"$":{"type":"Uuid"}}})").find("for \"wibble\", which is not known"),
            std::string::npos);
  EXPECT_NE(refused(R"({"body":{"$.a":{"type":"Telepathy"}}})").find("\"Telepathy\", which is not known"),
            std::string::npos);
  EXPECT_EQ(generate(json(R"({"type":"Telepathy"})"), "x", context(random)).error().code, ErrorCode::unsupported);
  for (const char* type : {"RandomInt", "RandomDecimal", "RandomHexadecimal", "RandomString", "RandomBoolean", "Regex",
                           "Uuid", "Date", "Time", "DateTime", "ProviderState", "MockServerURL"}) {
    const Json one{{"type", type}, {"expression", type == std::string("ProviderState") ? "name" : ""}};
    EXPECT_TRUE(check_known(read_generators(Json{{"body", {{"$.a", one}}}}, "$").value())) << type;
    EXPECT_TRUE(generate(one, "x", context(random))) << type;
  }
}

TEST(Generated, StatusWithinItsRange) {
  Sequence random;
  HttpResponse response;
  response.generators = read_generators(json(R"({"status":{"type":"RandomInt","min":201,"max":204}})"), "$").value();
  const auto made = generate(response, context(random));
  ASSERT_TRUE(made);
  EXPECT_GE(made.value().status, 201);
  EXPECT_LE(made.value().status, 204);
  response.generators = read_generators(json(R"({"status":{"type":"RandomInt","min":7,"max":7}})"), "$").value();
  EXPECT_FALSE(generate(response, context(random)));
}

TEST(Generated, FieldsOfForms) {
  Sequence random;
  HttpRequest request;
  request.body = {Body::State::present, "a=1&b=2", "application/x-www-form-urlencoded", {}, Json::object()};
  request.generators = read_generators(json(R"({"body":{"$.b":{"type":"RandomInt","min":5,"max":5}}})"), "$").value();
  EXPECT_EQ(generate(request, context(random)).value().body.bytes, "a=1&b=5");
}

}  // namespace
}  // namespace base::pact
