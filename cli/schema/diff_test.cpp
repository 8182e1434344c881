#include "cli/schema/diff.hpp"

#include <gtest/gtest.h>

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
