#include "cli/schema/diff.hpp"

#include <gtest/gtest.h>

#include "cli/schema/sound.hpp"

namespace schema {
namespace {

struct Row {
  std::string before, now, differences;  // `RULE pointer`, joined by `; `
  bool compatible = true;                // by the strict policy
};

class Change : public testing::TestWithParam<Row> {};

TEST_P(Change, HasItsNameAndPlace) {
  const auto& row = GetParam();
  const auto list =
      differences(base::parse_json(row.before).value(), base::parse_json(row.now).value(), Policy::strict);
  ASSERT_TRUE(list);
  std::string text;
  bool good = true;
  for (const auto& each : list.value()) {
    text += (text.empty() ? "" : "; ") + each.rule + " " + each.pointer;
    good = good && is_compatible(each.rule, Policy::strict);
  }
  EXPECT_EQ(text, row.differences) << row.before << " " << row.now;
  EXPECT_EQ(good, row.compatible) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Values, Change,
    testing::Values(Row{R"({"type":"string"})", R"({"type":"string"})", ""}, Row{R"({"type":"string"})", "{}", ""},
                    Row{R"({"type":"string"})", R"({"type":"number"})", "TYPE_CHANGED #", false},
                    Row{R"({"type":"integer"})", R"({"type":"number"})", "TYPE_EXTENDED #"},
                    Row{R"({"type":"number"})", R"({"type":"integer"})", "TYPE_NARROWED #", false},
                    Row{R"({"type":"string"})", R"({"type":["string","null"]})", "SUM_TYPE_EXTENDED #"},
                    Row{R"({"type":["string","null"]})", R"({"type":"string"})", "TYPE_CHANGED #", false},
                    Row{R"({"type":"string"})", R"({"type":"string","maxLength":5})", "MAX_LENGTH_ADDED #/maxLength",
                        false},
                    Row{R"({"type":"string","maxLength":5})", R"({"type":"string","maxLength":9})",
                        "MAX_LENGTH_INCREASED #/maxLength"},
                    Row{R"({"type":"string","pattern":"a"})", R"({"type":"string","pattern":"b"})",
                        "PATTERN_CHANGED #/pattern", false},
                    Row{R"({"type":"number","minimum":1})", R"({"type":"number","minimum":2})",
                        "MINIMUM_INCREASED #/minimum", false},
                    Row{R"({"type":"number","exclusiveMaximum":9})", R"({"type":"number","exclusiveMaximum":8})",
                        "EXCLUSIVE_MAXIMUM_DECREASED #/exclusiveMaximum", false},
                    Row{R"({"type":"number","multipleOf":0.3})", R"({"type":"number","multipleOf":0.1})",
                        "MULTIPLE_OF_REDUCED #/multipleOf"},
                    Row{R"({"enum":[1,2]})", R"({"enum":[2,1]})", ""},
                    Row{R"({"enum":[1]})", R"({"enum":[1,2]})", "ENUM_ARRAY_EXTENDED #/enum"},
                    Row{R"({"enum":[1,2]})", R"({"enum":[2]})", "ENUM_ARRAY_NARROWED #/enum", false},
                    Row{R"({"const":1})", R"({"const":2})", "ENUM_ARRAY_CHANGED #/const", false},
                    Row{R"({"type":"array","items":{"type":"string"}})", R"({"type":"array","items":{"type":"null"}})",
                        "TYPE_CHANGED #/items", false},
                    Row{R"({"type":"array","prefixItems":[{"type":"string"}],"items":false})",
                        R"({"type":"array","prefixItems":[{"type":"string"},{"type":"null"}],"items":false})",
                        "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL #/items/1"},
                    Row{R"({"type":"array"})", R"({"type":"array","uniqueItems":true})",
                        "UNIQUE_ITEMS_ADDED #/uniqueItems", false}));

INSTANTIATE_TEST_SUITE_P(
    Objects, Change,
    testing::Values(
        Row{R"({"properties":{"a":{}},"required":["a"]})", R"({"properties":{"a":{}}})",
            "REQUIRED_ATTRIBUTE_REMOVED #/required/a"},
        Row{R"({"properties":{"a":{}}})", R"({"properties":{"a":{}},"required":["a"]})",
            "REQUIRED_ATTRIBUTE_ADDED #/required/a", false},
        Row{R"({"properties":{"a":{"default":1}}})", R"({"properties":{"a":{"default":1}},"required":["a"]})",
            "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED #/required/a"},
        Row{R"({"type":"object"})", R"({"properties":{"a":{"type":"string"}}})",
            "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/a", false},
        Row{R"({"additionalProperties":false})",
            R"({"properties":{"a":{"type":"string"}},"additionalProperties":false})",
            "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a"},
        Row{R"({"properties":{"a":{"type":"string"}},"additionalProperties":false})",
            R"({"additionalProperties":false})", "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a", false},
        Row{R"({"properties":{"a":{"type":"string"}},"additionalProperties":false})",
            R"({"additionalProperties":{"type":"number"}})",
            "TYPE_CHANGED #/properties/a; PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a; "
            "ADDITIONAL_PROPERTIES_ADDED #/additionalProperties",
            false},
        Row{R"({"type":"object"})", R"({"additionalProperties":false})",
            "ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties", false},
        Row{R"({"dependentRequired":{"a":["b"]}})", R"({"dependentRequired":{"a":["b","c"]}})",
            "DEPENDENCY_ARRAY_EXTENDED #/dependencies/a", false},
        Row{R"({"anyOf":[{"type":"string"},{"type":"null"}]})", R"({"anyOf":[{"type":"null"},{"type":"string"}]})", ""},
        Row{R"({"oneOf":[{"type":"string"},{"type":"null"}]})", R"({"oneOf":[{"type":"string"}]})",
            "SUM_TYPE_NARROWED #", false},
        Row{R"({"allOf":[{"type":"string"},{"minLength":1}]})", R"({"allOf":[{"type":"string"}]})",
            "PRODUCT_TYPE_NARROWED #"},
        Row{R"({"anyOf":[{"type":"string"},{"type":"null"}]})", R"({"oneOf":[{"type":"string"},{"type":"null"}]})",
            "COMBINED_TYPE_CHANGED #", false},
        Row{R"({"not":{"type":"number"}})", R"({"not":{"type":"integer"}})", "NOT_TYPE_NARROWED #/not"},
        Row{R"({"not":{"type":"integer"}})", R"({"not":{"type":"number"}})", "NOT_TYPE_EXTENDED #/not", false},
        Row{R"({"properties":{"n":{"$ref":"#"}}})", R"({"properties":{"n":{"$ref":"#"}}})", ""},
        Row{R"({"properties":{"n":{"$ref":"#/$defs/a"}},"$defs":{"a":{"type":"string"}}})",
            R"({"properties":{"n":{"type":"number"}}})", "TYPE_CHANGED #/properties/n", false}));

// What the registry's comparison does not look at, and a validator does.
INSTANTIATE_TEST_SUITE_P(
    BeyondTheRegistry, Change,
    testing::Values(
        Row{R"({"type":"object"})", R"({"type":"object","required":["a"]})", "REQUIRED_ATTRIBUTE_ADDED #/required/a",
            false},
        Row{R"({"type":"object","required":["a"]})", R"({"type":"object"})", "REQUIRED_ATTRIBUTE_REMOVED #/required/a"},
        Row{R"({"patternProperties":{"^x/":{"type":"string"}}})", R"({"patternProperties":{"^x/":{"type":"null"}}})",
            "TYPE_CHANGED #/patternProperties/^x~1", false},
        Row{R"({"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})",
            R"({"additionalProperties":false})",
            "PATTERN_PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/patternProperties/^x", false},
        Row{R"({"patternProperties":{"^x":{"type":"string"}}})", R"({"type":"object"})",
            "PATTERN_PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL #/patternProperties/^x"},
        Row{R"({"type":"object"})", R"({"patternProperties":{"^x":{"type":"string"}}})",
            "PATTERN_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/patternProperties/^x", false},
        Row{R"({"properties":{"xa":{"type":"null"}},"additionalProperties":false})",
            R"({"properties":{"xa":{"type":"null"}},"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})",
            "TYPE_CHANGED #/patternProperties/^x; PATTERN_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL "
            "#/patternProperties/^x",
            false},
        Row{R"({"type":"object"})", R"({"type":"object","propertyNames":{"maxLength":3}})",
            "PROPERTY_NAMES_ADDED #/propertyNames", false},
        Row{R"({"type":"array","contains":{"type":"string"}})", R"({"type":"array","contains":{"type":"null"}})",
            "TYPE_CHANGED #/contains", false},
        Row{R"({"type":"array","contains":{"type":"string"}})", R"({"type":"array"})", "CONTAINS_REMOVED #/contains"},
        Row{R"({"type":"object"})", R"({"type":"object","if":{"required":["a"]},"then":{"required":["b"]}})",
            "CONDITION_ADDED #/if", false},
        Row{R"({"if":{"title":"x"},"then":{"required":["b"]}})", R"({"if":{},"then":{"required":["b"]}})", ""},
        Row{R"({"if":{},"then":{"required":["b"]}})", R"({"if":{},"then":{"required":["c"]}})",
            "CONDITION_CHANGED #/if", false},
        Row{R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})",
            R"({"$ref":"#/$defs/a","maxLength":3,"$defs":{"a":{"type":"string"}}})", "TYPE_CHANGED #", false},
        Row{R"({"$ref":"#/$defs/a","description":"x","$defs":{"a":{"type":"string"}}})", R"({"type":"string"})", ""},
        Row{R"({"$ref":"#a","$defs":{"b":{"$anchor":"a","type":"string"}}})",
            R"({"$ref":"#a","$defs":{"b":{"$anchor":"a","type":"null"}}})", "TYPE_CHANGED #", false},
        Row{R"({"$dynamicRef":"#a","$defs":{"b":{"$dynamicAnchor":"a","type":"string"}}})", R"({"type":"null"})",
            "TYPE_CHANGED #", false},
        Row{R"({"$id":"urn:a","items":{"$ref":"urn:a#/$defs/b"},"$defs":{"b":{"type":"string"}}})",
            R"({"$id":"urn:a","items":{"type":"null"}})", "TYPE_CHANGED #/items", false},
        Row{R"({"const":"x"})", R"({"enum":["x","y"]})", "ENUM_ARRAY_EXTENDED #/enum"},
        Row{R"({"enum":["x","y"]})", R"({"const":"x"})", "ENUM_ARRAY_NARROWED #/enum", false},
        Row{R"({"maximum":9007199254740993})", R"({"maximum":9007199254740992})", "MAXIMUM_DECREASED #/maximum",
            false}));

struct Unsound {
  std::string schema, problem;
};

class Sound : public testing::TestWithParam<Unsound> {};

TEST_P(Sound, NamesThePlace) {
  const auto result = check_sound(base::parse_json(GetParam().schema).value());
  EXPECT_EQ(result ? "" : result.error().message.substr(0, GetParam().problem.size()), GetParam().problem)
      << GetParam().schema;
  EXPECT_EQ(bool(result), GetParam().problem.empty()) << GetParam().schema;
}

INSTANTIATE_TEST_SUITE_P(
    Keywords, Sound,
    testing::Values(
        Unsound{R"({"$schema":"https://json-schema.org/draft/2020-12/schema","x-mine":1,"properties":{"type":true}})",
                ""},
        Unsound{R"({"$schema":"http://json-schema.org/draft-07/schema#","dependencies":{"a":["b"],"c":{}}})", ""},
        Unsound{R"({"$defs":{"a":{"items":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a","minLength":2.0})", ""},
        Unsound{R"({"enum":[{"type":9}],"default":{"type":9},"const":{"$ref":"x"}})", ""},
        Unsound{R"({"$schema":"http://json-schema.org/draft-04/schema#"})", "#/$schema: expected draft 7"},
        Unsound{R"({"typ":"string"})", "#/typ: JSON Schema has no such keyword; did you mean type?"},
        Unsound{R"({"properties":{"typ":{"unheard_of":1}}})",
                "#/properties/typ/unheard_of: JSON Schema has no such keyword; a note of your own begins with x-"},
        Unsound{R"({"type":"strng"})", "#/type: expected object"}, Unsound{R"({"type":[]})", "#/type: expected object"},
        Unsound{R"({"properties":{"a":{"minLength":-1}}})", "#/properties/a/minLength: expected a whole number"},
        Unsound{R"({"exclusiveMaximum":true})", "#/exclusiveMaximum: expected a number"},
        Unsound{R"({"multipleOf":0})", "#/multipleOf: expected a number above 0"},
        Unsound{R"({"required":"a"})", "#/required: expected a list of names"},
        Unsound{R"({"allOf":[]})", "#/allOf: expected a list of schemas"},
        Unsound{R"({"items":[{"not":5}]})", "#/items/0/not: expected a schema"},
        Unsound{R"({"dependentRequired":{"a":{}}})", "#/dependentRequired/a: expected a list of names"},
        Unsound{R"({"items":{"$ref":"http://127.0.0.1/x"}})",
                "#/items/$ref: \"http://127.0.0.1/x\" leads out of this file"},
        Unsound{R"({"items":{"$ref":"other.json#/a"}})", "#/items/$ref: \"other.json#/a\" leads out of this file"},
        Unsound{R"({"items":{"$ref":"#/$defs/a"}})", "#/items/$ref: \"#/$defs/a\" leads nowhere"},
        Unsound{R"({"items":{"$ref":"#a"}})", "#/items/$ref: \"#a\" leads nowhere"},
        Unsound{R"({"items":{"$ref":"#/items"}})", "#/items/$ref: \"#/items\" leads back to itself"}));

TEST(Sound, OnTheChassisFewerKeywordsAreKnown) {
  const auto said = [](const char* text) {
    const auto result = check_for_chassis(base::parse_json(text).value());
    return result ? std::string() : result.error().message.substr(0, result.error().message.find(':'));
  };
  EXPECT_EQ(said(R"({"type":"object","properties":{"x-a":{"pattern":"a"}},"$defs":{"a":{"not":{}}}})"), "");
  EXPECT_EQ(said(R"({"properties":{"a":{"multipleOf":2}}})"), "#/properties/a/multipleOf");
  EXPECT_EQ(said(R"({"x-mine":1})"), "#/x-mine");
}

TEST(Policies, DifferInContentModels) {
  EXPECT_FALSE(is_compatible("OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", Policy::strict));
  EXPECT_TRUE(is_compatible("OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", Policy::extensible));
  EXPECT_FALSE(is_compatible("PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", Policy::extensible));
  EXPECT_TRUE(is_compatible("PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", Policy::lenient));
  EXPECT_FALSE(is_compatible("TYPE_CHANGED", Policy::lenient));
}

TEST(Wording, NamesFieldsAsPeopleDo) {
  EXPECT_EQ(field_of("#"), "the whole event");
  EXPECT_EQ(field_of("#/properties/items/items/properties/sku/maxLength"), "items[].sku");
  EXPECT_EQ(field_of("#/required/total"), "total");
  EXPECT_EQ(field_of("#/properties/a~1b~0/maxLength"), "a/b~");
  EXPECT_EQ(field_of("#/properties/pair/items/1"), "pair[1]");
  EXPECT_EQ(sentence_of("MAX_LENGTH_ADDED"), "max length added");
}

TEST(HostileSchemas, EndWithAnError) {
  std::string many = R"({"$defs":{)";
  for (int i = 0; i < 30; ++i) {
    const auto next = R"({"$ref":"#/$defs/a)" + std::to_string((i + 1) % 30) + "\"}";
    many += (i ? "," : "") + std::string("\"a") + std::to_string(i) + R"(":{"anyOf":[)" + next + "," + next +
            R"(,{"type":"string"},{"type":"null"}]})";
  }
  const auto schema = base::parse_json(many + R"(},"$ref":"#/$defs/a0"})").value();
  const auto list = differences(schema, schema, Policy::strict);
  if (!list) EXPECT_EQ(list.error().code, base::ErrorCode::too_large);
}

}  // namespace
}  // namespace schema
