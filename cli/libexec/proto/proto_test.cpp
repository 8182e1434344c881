#include <gtest/gtest.h>

#include "cli/libexec/proto/json.hpp"
#include "cli/libexec/proto/schema.hpp"
#include "cli/libexec/proto/source_tree.hpp"

namespace proto {
namespace {

TEST(Nesting, CountsNoCommentsAndStrings) {
  EXPECT_FALSE(nests_deeper_than("a { b { } } c { }", 2));
  EXPECT_TRUE(nests_deeper_than("a { b { c { } } }", 2));
  EXPECT_FALSE(nests_deeper_than("// {{{{\n/* {{{{ */ \"{{{{\" '{{{\\'{' a { }", 1));
  EXPECT_FALSE(nests_deeper_than("/* {{{", 1));
}

Sources from_text(const std::string& text) {
  Sources sources;
  sources.root_files["a.proto"] = text;
  sources.files = {"a.proto"};
  return sources;
}

TEST(Schema, IsReadFromTextsAndFromItsOwnSet) {
  const auto read =
      Schema::read(from_text("syntax = \"proto3\"; package p; import \"google/protobuf/timestamp.proto\";"
                             "message M { int64 n = 1; google.protobuf.Timestamp at = 2; }"
                             "service S { rpc Go(M) returns (M); }"));
  ASSERT_TRUE(read) << read.error().message;
  const auto again = Schema::parse(read.value()->set());
  ASSERT_TRUE(again) << again.error().message;
  for (const auto& schema : {read.value(), again.value()}) {
    ASSERT_NE(schema->message("p.M"), nullptr);
    EXPECT_NE(schema->method("/p.S/Go"), nullptr);
    EXPECT_NE(schema->method("p.S/Go"), nullptr);
    EXPECT_EQ(schema->method("p.S/None"), nullptr);
    EXPECT_EQ(schema->method("p.S"), nullptr);
    const auto message = schema->make(*schema->message("p.M"));
    ASSERT_TRUE(from_json(base::parse_json(R"({"n":9007199254740993,"at":{"seconds":1}})").value(), *message));
    EXPECT_EQ(base::dump_json(to_json(*message).value()), R"({"n":9007199254740993,"at":{"seconds":1,"nanos":0}})");
  }
}

TEST(Schema, RefusesWhatBreaksARule) {
  EXPECT_EQ(Schema::read(from_text("syntax = \"proto3\";\nmessage M { X x = 1; }")).error().message,
            "a.proto:2:13: \"X\" is not defined.");
  EXPECT_EQ(Schema::read(from_text("syntax = \"proto3\";\nimport \"b.proto\";")).error().message,
            "a.proto:2:1: imports b.proto, which is not there");
  EXPECT_FALSE(Schema::read(Sources{{}, {}, {"../a.proto"}}));
  EXPECT_FALSE(Schema::parse("nonsense"));
}

}  // namespace
}  // namespace proto
