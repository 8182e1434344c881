#include "services/chassis/event_schema/event_schema.hpp"

#include <gmock/gmock.h>

#include "base/event_keywords.hpp"

namespace chassis {
namespace {

struct Row {
  std::string schema, data, problem;  // empty: it is taken
};

class Data : public testing::TestWithParam<Row> {};

TEST_P(Data, IsTakenOrRefusedByItsPath) {
  const auto& row = GetParam();
  const auto schema = EventSchema::read(row.schema);
  ASSERT_TRUE(schema) << schema.error().message;
  const auto result = schema.value().check(base::parse_json(row.data).value());
  EXPECT_EQ(result ? "" : result.error().message, row.problem) << row.schema << " " << row.data;
}

INSTANTIATE_TEST_SUITE_P(
    Keywords, Data,
    testing::Values(
        Row{R"({"type":"string"})", R"("a")", ""}, Row{R"({"type":"string"})", "1", "data must be of type string"},
        Row{R"({"type":["string","null"]})", "null", ""},
        Row{R"({"type":["string","null"]})", "1", R"(data must be of type ["string","null"])"},
        Row{R"({"type":"integer"})", "1.0", ""}, Row{R"({"type":"integer"})", "1.5", "data must be of type integer"},
        Row{R"({"type":"number","minimum":0,"maximum":9})", "9", ""},
        Row{R"({"minimum":0})", "-1", "data must be at least 0"},
        Row{R"({"maximum":9})", "10", "data must be at most 9"},
        Row{R"({"exclusiveMinimum":0})", "0", "data must be more than 0"},
        Row{R"({"exclusiveMaximum":9})", "9", "data must be less than 9"},
        Row{R"({"minLength":2})", R"("é")", "data must have at least 2 characters"},
        Row{R"({"maxLength":1})", R"("é")", ""},
        Row{R"({"maxLength":1})", R"("ab")", "data must have at most 1 characters"},
        Row{R"({"pattern":"^[A-Z]{3}$"})", R"("EUR")", ""},
        Row{R"({"pattern":"^[A-Z]{3}$"})", R"("eur")", "data must match ^[A-Z]{3}$"},
        Row{R"({"enum":["a",1]})", "1", ""}, Row{R"({"enum":["a",1]})", "2", R"(data must be one of ["a",1])"},
        Row{R"({"const":5})", "6", "data must be 5"}, Row{R"({"minItems":1})", "[]", "data must have at least 1 items"},
        Row{R"({"maxItems":1})", "[1,2]", "data must have at most 1 items"},
        Row{R"({"uniqueItems":true})", "[1,1]", "data has an item twice"},
        Row{R"({"items":{"type":"string"}})", R"(["a",2])", "[1] must be of type string"},
        Row{R"({"properties":{"a":{"properties":{"b":{"type":"string"}}}}})", R"({"a":{"b":1}})",
            "a.b must be of type string"},
        Row{R"({"required":["a"]})", "{}", "a is missing"},
        Row{R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1,"b":2})", "b must not be there"},
        Row{R"({"additionalProperties":{"type":"string"}})", R"({"b":2})", "b must be of type string"},
        Row{R"({"allOf":[{"type":"string"},{"minLength":2}]})", R"("a")", "data must have at least 2 characters"},
        Row{R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "1", "data must be one of the alternatives"},
        Row{R"({"oneOf":[{"type":"number"},{"type":"integer"}]})", "1", "data must be only one of the alternatives"},
        Row{R"({"not":{"type":"string"}})", R"("a")", "data is what it must not be"},
        Row{R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})", "1", "data must be of type string"},
        Row{R"({"$ref":"#/$defs/a","maxLength":1,"$defs":{"a":{"type":"string"}}})", R"("ab")",
            "data must have at most 1 characters"},
        Row{R"({"$ref":"#/$defs/a","maxLength":1,"$defs":{"a":{"type":"string"}}})", R"("a")", ""},
        Row{R"({"properties":{"next":{"$ref":"#"}},"required":["id"]})", R"({"id":1,"next":{"id":2,"next":{}}})",
            "next.next.id is missing"},
        Row{R"({"$ref":"#"})", "1", "data is nested too deep"}, Row{"true", "1", ""},
        Row{"false", "1", "data must not be there"}));

TEST(EventSchemaText, IsRefusedWhenItPromisesWhatNobodyChecks) {
  for (const auto* text : {"{", "[]", R"({"type":"text"})", R"({"multipleOf":2})", R"({"pattern":"("})",
                           R"({"$ref":"#/$defs/x"})", R"({"$ref":"http://example.com"})", R"({"properties":5})",
                           R"({"allOf":[]})", R"({"minimum":"0"})", R"({"required":"a"})", R"({"enum":1})",
                           R"({"items":[{}]})", R"({"$id":5})", R"({"typ":"object"})", R"({"x-mine":1})"}) {
    EXPECT_FALSE(EventSchema::read(text)) << text;
  }
  for (const auto keyword : base::event_keywords) {
    base::Json schema;
    schema[std::string(keyword)] = nullptr;
    const auto read = EventSchema::read(base::dump_json(schema));
    EXPECT_TRUE(read || read.error().message.find("not checked") == std::string::npos) << keyword;
  }
}

TEST(EventSchemasById, KnowTheirOwnOnly) {
  const auto schemas =
      EventSchemas::read({R"({"$id":"urn:a:1","type":"object"})", R"({"$id":"urn:a:2","type":"string"})"});
  ASSERT_TRUE(schemas);
  EXPECT_TRUE(schemas.value().check("urn:a:1", base::Json::object()));
  EXPECT_FALSE(schemas.value().check("urn:a:2", base::Json::object()));
  EXPECT_EQ(schemas.value().check("urn:a:3", base::Json::object()).error().message, "there is no schema urn:a:3");
  EXPECT_FALSE(EventSchemas::read({R"({"type":"object"})"}));
  EXPECT_FALSE(EventSchemas::read({R"({"$id":"urn:a:1"})", R"({"$id":"urn:a:1"})"}));
}

TEST(EventSchemasByType, TellTheVersionsThatTheyKnow) {
  const auto schemas = EventSchemas::read({R"({"$id":"urn:msctl:event:a.b:2"})", R"({"$id":"urn:msctl:event:a.b:1"})",
                                           R"({"$id":"urn:msctl:event:c:10"})", R"({"$id":"urn:other"})"});
  ASSERT_TRUE(schemas);
  EXPECT_THAT(schemas.value().versions_of("a.b"), testing::ElementsAre(1, 2));
  EXPECT_THAT(schemas.value().versions_of("c"), testing::ElementsAre(10));
  EXPECT_THAT(schemas.value().versions_of("a"), testing::IsEmpty());
}

}  // namespace
}  // namespace chassis
