#include "cli/scaffold/event_schemas.hpp"

#include <gtest/gtest.h>

namespace scaffold {
namespace {

std::string example(const std::string& schema) { return example_of(base::parse_json(schema).value()); }

TEST(EventSchemas, say_by_their_id_what_they_are) {
  const auto schema = parse_event_schema(R"({"$id": "urn:msctl:event:order.placed:12"})");
  ASSERT_TRUE(schema);
  EXPECT_EQ(schema->type, "order.placed");
  EXPECT_EQ(schema->version, 12);
  for (const char* text : {"", "[]", "{}", R"({"$id": 1})", R"({"$id": "urn:x"})"})
    EXPECT_FALSE(parse_event_schema(text));
}

TEST(EventSchemas, are_kept_by_version_and_the_first_of_a_version_counts) {
  EventSchemas schemas;
  for (const auto& [version, text] : {std::pair(2, "two"), {10, "ten"}, {1, "one"}, {2, "another"}}) {
    add_event_schema(schemas, {"a.b", version, text});
  }
  std::string texts;
  for (const auto& one : schemas["a.b"]) texts += one.text + " ";
  EXPECT_EQ(texts, "one two ten ");
}

TEST(EventSchemas, of_what_nobody_publishes_are_schemas_all_the_same) {
  const auto unknown = unknown_event_schema("order.placed", "mailer");
  const auto read = parse_event_schema(unknown.text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->type, "order.placed");
  EXPECT_EQ(read->version, unknown.version);
  EXPECT_EQ(example(unknown.text), "{}");
}

TEST(Example, has_what_is_required_and_nothing_else) {
  EXPECT_EQ(example(R"({"type": "object", "required": ["id", "sum", "items", "kind", "at", "ok", "more"],
    "properties": {
      "id": {"type": "string", "format": "uuid", "maxLength": 36}, "sum": {"type": "integer", "exclusiveMinimum": 4},
      "items": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/item"}},
      "kind": {"enum": ["new", "old"]}, "at": {"type": ["null", "string"], "format": "date-time"},
      "ok": {"type": "boolean"}, "other": {"type": "string"}},
    "$defs": {"item": {"type": "object", "required": ["sku"],
      "properties": {"sku": {"type": "string", "pattern": "^[A-Z]{3}$"}}}}})"),
            R"({"id":"01234567-89ab-7def-8123-456789abcdef","sum":5,"items":[{"sku":"AAA"},{"sku":"AAA"}],)"
            R"("kind":"new","at":"2026-01-01T00:00:00Z","ok":true,"more":"x"})");
}

TEST(Example, keeps_within_bounds) {
  EXPECT_EQ(example(R"({"type": "integer", "maximum": -3})"), "-3");
  EXPECT_EQ(example(R"({"type": "integer", "exclusiveMaximum": 0})"), "-1");
  EXPECT_EQ(example(R"({"type": "number", "minimum": 2.5})"), "3");
  EXPECT_EQ(example(R"({"type": "string", "minLength": 3})"), R"("xxx")");
  EXPECT_EQ(example(R"({"type": "string", "pattern": "^x+$", "minLength": 2})"), R"("xx")");
}

// Better none than one that the schema refuses.
TEST(Example, is_left_out_where_none_is_certain) {
  for (const char* schema :
       {R"({"type": "object", "not": {}})", R"({"allOf": [{"type": "string"}]})",
        R"({"type": "string", "minLength": 900})", R"({"type": "integer", "minimum": 2, "maximum": 1})",
        R"({"type": "number", "minimum": 0.2, "maximum": 0.9})",
        R"({"type": "array", "minItems": 2, "uniqueItems": true})", R"({"$ref": "#/nowhere"})", R"({"$ref": "#"})",
        R"({"type": "string", "pattern": "^a$", "minLength": 2})", R"({"enum": ["a", "b"], "pattern": "b"})",
        R"({"type": 7})", R"({"enum": ["x)json"]})", R"({"type": "string", "format": "uuid", "maxLength": 4})",
        R"({"type": "integer", "multipleOf": 5})", R"({"required": ["a"], "additionalProperties": false})"}) {
    EXPECT_EQ(example(schema), "") << schema;
  }
}

}  // namespace
}  // namespace scaffold
