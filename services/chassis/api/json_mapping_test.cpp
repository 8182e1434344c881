#include "services/chassis/api/json_mapping.hpp"

#include <gtest/gtest.h>

#include "services/chassis/api/testdata/sample.pb.h"

namespace chassis {
namespace {

using test::Sample;

base::Json parse(const char* text) { return base::parse_json(text).value(); }

TEST(FromJson, ReadsEveryKindOfField) {
  Sample sample;
  const auto read = from_json(parse(R"({"id":"x","small":-3,"large":9007199254740993,"huge":18446744073709551615,
    "flag":true,"ratio":2,"colour":"RED","inner":{"name":"i","cents":5},"items":[{"name":"a"},{"cents":2}],
    "tags":["p","q"],"totals":{"k":7},"note":""})"),
                              sample);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(sample.small(), -3);
  EXPECT_EQ(sample.large(), 9007199254740993);
  EXPECT_EQ(sample.huge(), 18446744073709551615U);
  EXPECT_EQ(sample.ratio(), 2.0);
  EXPECT_EQ(sample.colour(), test::RED);
  EXPECT_EQ(sample.inner().cents(), 5);
  EXPECT_EQ(sample.items(1).cents(), 2);
  EXPECT_EQ(sample.tags(1), "q");
  EXPECT_EQ(sample.totals().at("k"), 7);
  EXPECT_TRUE(sample.has_note());
}

TEST(ToJson, PrintsDefaultsOriginalNamesAndNumbers) {
  Sample sample;
  sample.set_large(9007199254740993);
  EXPECT_EQ(base::dump_json(to_json(sample)),
            R"({"id":"","small":0,"large":9007199254740993,"huge":0,"flag":false,"ratio":0.0,"colour":"NONE",)"
            R"("items":[],"tags":[],"totals":{}})");
}

struct Wrong {
  const char* json;
  const char* field;
};

class FromJsonRefuses : public testing::TestWithParam<Wrong> {};

TEST_P(FromJsonRefuses, NamesTheField) {
  Sample sample;
  const auto read = from_json(parse(GetParam().json), sample);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, base::ErrorCode::malformed);
  EXPECT_EQ(read.error().fields.front().field, GetParam().field);
}

INSTANTIATE_TEST_SUITE_P(
    All, FromJsonRefuses,
    testing::Values(Wrong{"[]", "body"}, Wrong{R"({"idd":1})", "idd"}, Wrong{R"({"id":1})", "id"},
                    Wrong{R"({"id":null})", "id"}, Wrong{R"({"small":"3"})", "small"},
                    Wrong{R"({"small":3.0})", "small"}, Wrong{R"({"small":2147483648})", "small"},
                    Wrong{R"({"huge":-1})", "huge"}, Wrong{R"({"large":9223372036854775808})", "large"},
                    Wrong{R"({"flag":1})", "flag"}, Wrong{R"({"flag":"true"})", "flag"},
                    Wrong{R"({"ratio":"1"})", "ratio"}, Wrong{R"({"colour":"BLUE"})", "colour"},
                    Wrong{R"({"colour":1})", "colour"}, Wrong{R"({"items":{}})", "items"},
                    Wrong{R"({"items":[{"name":"a"},{"name":2}]})", "items[1].name"},
                    Wrong{R"({"items":[null]})", "items[0]"}, Wrong{R"({"inner":{"cents":true}})", "inner.cents"},
                    Wrong{R"({"totals":{"k":"7"}})", "totals.k"}, Wrong{R"({"tags":"p"})", "tags"}));

TEST(FromJson, PassesOverUnknownFieldsWhenToldTo) {
  Sample sample;
  const auto json = parse(R"({"id":"x","later":1,"inner":{"name":"i","more":{}}})");
  EXPECT_FALSE(from_json(json, sample));
  sample.Clear();
  ASSERT_TRUE(from_json(json, sample, Unknown::ignore));
  EXPECT_EQ(sample.inner().name(), "i");
  EXPECT_FALSE(from_json(parse(R"({"id":1})"), sample, Unknown::ignore)) << "wrong types are wrong all the same";
}

TEST(FromJson, TellsOfEveryWrongField) {
  Sample sample;
  EXPECT_EQ(from_json(parse(R"({"id":1,"flag":2,"x":3})"), sample).error().fields.size(), 3U);
}

TEST(SetFromText, ReadsScalarsByTheirType) {
  Sample sample;
  EXPECT_TRUE(set_from_text(sample, "id", "12"));
  EXPECT_EQ(sample.id(), "12");
  EXPECT_TRUE(set_from_text(sample, "small", "12"));
  EXPECT_EQ(sample.small(), 12);
  EXPECT_FALSE(set_from_text(sample, "small", "x"));
  EXPECT_FALSE(set_from_text(sample, "small", ""));
  EXPECT_FALSE(set_from_text(sample, "tags", "x"));
  EXPECT_FALSE(set_from_text(sample, "nothing", "x"));
}

}  // namespace
}  // namespace chassis
