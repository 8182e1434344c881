#include "supervisor/spec/schema_validator.hpp"

#include <gmock/gmock.h>

#include "supervisor/spec/cluster.hpp"

namespace spec {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> messages(const char* schema, const char* value) {
  std::vector<std::string> texts;
  for (const Violation& violation : violations(Json::parse(schema), Json::parse(value), 20)) {
    texts.push_back(violation.pointer + " " + violation.message);
  }
  return texts;
}

TEST(SchemaValidator, Types) {
  EXPECT_THAT(messages(R"({"type":"string"})", "9000"), ElementsAre(" expected a string, got 9000; put it in quotes"));
  EXPECT_THAT(messages(R"({"type":"string"})", "null"), ElementsAre(" expected a string, got nothing"));
  EXPECT_THAT(messages(R"({"type":"object"})", "[]"), ElementsAre(" expected a map, got a list"));
  EXPECT_THAT(messages(R"({"type":"boolean"})", "\"yes\""), ElementsAre(" expected true or false, got \"yes\""));
  EXPECT_THAT(messages(R"({"type":"integer"})", "1.5"), ElementsAre(" expected a number, got 1.5"));
  EXPECT_THAT(messages(R"({"type":"array","items":{"type":"string"}})", "9000"),
              ElementsAre(" expected a list of strings, got 9000"));
  EXPECT_THAT(messages(R"({"type":"array","items":{"type":"string"}})", "[\"a\",1]"),
              ElementsAre("/1 expected a string, got 1; put it in quotes"));
}

TEST(SchemaValidator, Bounds) {
  const char* port = R"({"type":"integer","minimum":0,"maximum":65535})";
  EXPECT_THAT(messages(port, "0"), IsEmpty());
  EXPECT_THAT(messages(port, "65535"), IsEmpty());
  EXPECT_THAT(messages(port, "65536"), ElementsAre(" expected a number from 0 to 65535, got 65536"));
  EXPECT_THAT(messages(port, "-1"), ElementsAre(" expected a number from 0 to 65535, got -1"));
  EXPECT_THAT(messages(port, "\"eighty\""), ElementsAre(" expected a number from 0 to 65535, got \"eighty\""));
  EXPECT_THAT(messages(R"({"type":"array","minItems":1})", "[]"),
              ElementsAre(" expected a list with at least 1, got an empty one"));
}

TEST(SchemaValidator, TextLengthPatternAndTitle) {
  const char* name = R"({"title":"a name","type":"string","pattern":"^[a-z]+$","minLength":2,"maxLength":3})";
  EXPECT_THAT(messages(name, "\"abc\""), IsEmpty());
  for (const char* bad : {"\"a\"", "\"abcd\"", "\"ab1\"", "\"\""}) {
    EXPECT_THAT(messages(name, bad), ElementsAre(std::string(" expected a name, got ") + bad));
  }
  EXPECT_THAT(messages(R"({"type":"string","maxLength":2})", "\"éé\""), IsEmpty());
}

TEST(SchemaValidator, EnumAndOneOf) {
  EXPECT_THAT(messages(R"({"enum":["a","b","c"]})", "\"d\""), ElementsAre(" expected a, b or c, got \"d\""));
  const char* either = R"({"title":"this or that","oneOf":[{"type":"string","enum":["a"]},
      {"type":"object","properties":{"x":{"type":"integer"}},"additionalProperties":false}]})";
  EXPECT_THAT(messages(either, "\"a\""), IsEmpty());
  EXPECT_THAT(messages(either, R"({"x":1})"), IsEmpty());
  EXPECT_THAT(messages(either, "\"b\""), ElementsAre(" expected a, got \"b\""));
  EXPECT_THAT(messages(either, R"({"x":"1"})"), ElementsAre("/x expected a number, got \"1\""));
  EXPECT_THAT(messages(either, "7"), ElementsAre(" expected this or that, got 7"));
  EXPECT_THAT(messages(R"({"title":"just one","oneOf":[{"type":"integer"},{"minimum":3}]})", "4"),
              ElementsAre(" expected just one, got 4"));
}

TEST(SchemaValidator, Keys) {
  const char* schema = R"({"type":"object","required":["command"],"additionalProperties":false,
      "properties":{"command":{"type":"string"},"ports":{"type":"object"}}})";
  EXPECT_THAT(messages(schema, R"({"comand":"x"})"),
              ElementsAre(" expected the key \"command\" (a string), which is missing",
                          "/comand unknown key \"comand\"; did you mean \"command\"?"));
  EXPECT_THAT(messages(schema, R"({"command":"x","zzz":1})"),
              ElementsAre("/zzz unknown key \"zzz\"; known are command, ports"));
  EXPECT_THAT(messages(R"({"type":"object","propertyNames":{"title":"a name","type":"string","maxLength":2},
      "additionalProperties":{"type":"integer"}})",
                       R"({"ab":"x","abc":1})"),
              ElementsAre("/ab expected a number, got \"x\"", "/abc expected a name, got \"abc\""));
}

TEST(SchemaValidator, References) {
  const char* schema = R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"array","items":{"$ref":"b.json#/$defs/x"}},
      "b":{"$id":"b.json","$defs":{"x":{"$ref":"#/$defs/y"},"y":{"type":"boolean"}}}}})";
  EXPECT_THAT(messages(schema, "[true, 3]"), ElementsAre("/1 expected true or false, got 3"));
}

TEST(SchemaValidator, StopsAtTheMaximum) {
  Json many = Json::array();
  for (int i = 0; i < 100; ++i) many.push_back(i);
  EXPECT_EQ(violations(Json::parse(R"({"items":{"type":"string"}})"), many, 20).size(), 20U);
}

TEST(SchemaValidator, ShowsNoRawControlCharactersAndNoEndlessText) {
  EXPECT_EQ(shown("a\x1b[31m\n"), R"("a\u001b[31m\n")");
  EXPECT_EQ(shown("\x7f"), "\"?\"");
  EXPECT_LT(shown(std::string(1000, 'x')).size(), 80U);
  std::string accents;
  for (int i = 0; i < 100; ++i) accents += i == 0 ? "x" : "é";
  EXPECT_EQ(shown(accents).find("\xEF\xBF\xBD"), std::string::npos);
}

TEST(SchemaValidator, FindsKeywordsItDoesNotKnow) {
  EXPECT_THAT(unknown_keywords(Json::parse(R"({"type":"object","properties":{"if":{"if":{}}},"items":{"not":{}}})")),
              ElementsAre("if", "not"));
}

// The validator would pass over any other keyword in silence.
TEST(Schemas, UseOnlyWhatTheValidatorKnows) {
  EXPECT_THAT(unknown_keywords(cluster_schema()), IsEmpty());
  EXPECT_THAT(unknown_keywords(service_schema()), IsEmpty());
}

void expect_bounded_patterns(const Json& schema, const std::string& at) {
  if (schema.contains("pattern") && schema["pattern"].is_string()) {
    EXPECT_LE(schema.value("maxLength", 1 << 20), 1024) << at << ": std::regex recurses once a character";
  }
  for (const auto& [key, child] : schema.items()) {
    if (child.is_structured()) expect_bounded_patterns(child, at + "/" + key);
  }
}

TEST(Schemas, BoundEveryTextThatHasAPattern) { expect_bounded_patterns(cluster_schema(), ""); }

TEST(Schemas, EntryTakesEveryKeyOfAService) {
  const Json& entry = cluster_schema().at("$defs").at("entry").at("properties");
  for (const auto& [key, schema] : service_schema().at("properties").items()) {
    EXPECT_EQ(entry.contains(key), key != "name" && key != "format") << key;
  }
  EXPECT_EQ(entry.size(), service_schema().at("properties").size() - 1);
}

}  // namespace
}  // namespace spec
