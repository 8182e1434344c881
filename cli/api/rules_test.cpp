#include "cli/api/rules.hpp"

#include <gtest/gtest.h>

#include "cli/api/compare.hpp"
#include "cli/api/preferences.hpp"

namespace api {
namespace {

TEST(Rules, AreChosenByNameAndCategory) {
  const auto wire = choose({"WIRE"}, {"RPC_SAME_IDEMPOTENCY_LEVEL"});
  ASSERT_TRUE(wire);
  EXPECT_TRUE(wire.value().contains("FIELD_WIRE_COMPATIBLE_TYPE"));
  EXPECT_FALSE(wire.value().contains("FIELD_SAME_NAME"));
  EXPECT_FALSE(wire.value().contains("RPC_SAME_IDEMPOTENCY_LEVEL"));
  EXPECT_EQ(choose({"FIELD_SAME_LABEL"}, {}).value(), (std::set<std::string>{"FIELD_SAME_CARDINALITY"}));
}

TEST(Rules, TellTheNearestOfAnUnknownName) {
  EXPECT_EQ(choose({"FIELD_SAME_NAMES"}, {}).error().message,
            "there is no rule or category \"FIELD_SAME_NAMES\"; did you mean FIELD_SAME_NAME?");
  EXPECT_EQ(choose({"WIRE"}, {"X"}).error().message, "there is no rule or category \"X\"; msctl api rules lists them");
}

TEST(Rules, OfTheDefaultTakeACallAwayFromNobody) {
  const auto chosen = choose(default_rules(), {});
  ASSERT_TRUE(chosen);
  for (const auto* rule :
       {"FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", "RPC_NO_DELETE", "PACKAGE_NO_DELETE", "REST_OPERATION_NO_DELETE"}) {
    EXPECT_TRUE(chosen.value().contains(rule)) << rule;
  }
  EXPECT_FALSE(chosen.value().contains("FIELD_SAME_TYPE"));
}

struct RangesRow {
  std::vector<Range> before, now;
  std::string missing;
};

class Ranges : public testing::TestWithParam<RangesRow> {};

TEST_P(Ranges, AreMissingWhereNothingCoversThem) {
  const auto missing = missing_ranges(GetParam().before, GetParam().now);
  EXPECT_EQ(missing.empty() ? "" : shown(missing), GetParam().missing);
}

INSTANTIATE_TEST_SUITE_P(Covered, Ranges,
                         testing::Values(RangesRow{{}, {}, ""}, RangesRow{{{2, 5}}, {{1, 9}}, ""},
                                         RangesRow{{{2, 5}}, {{4, 5}, {2, 3}}, ""},
                                         RangesRow{{{2, 5}}, {}, "the numbers 2 to 5"},
                                         RangesRow{{{2, 2}}, {{3, 9}}, "the number 2"},
                                         RangesRow{{{2, 9}}, {{4, 5}}, "the numbers 2 to 3 and 6 to 9"},
                                         RangesRow{{{1, 1}, {5, 9}}, {{6, 6}, {8, 20}}, "the numbers 1, 5 and 7"}));

TEST(Ignored, IsAFileAFolderOrAName) {
  for (const auto* name : {"a/proto", "a/proto/", "a/proto/x.proto", "p.v1", "p.v1.M", "p.v1.M.f"}) {
    EXPECT_TRUE(is_ignored({name}, "a/proto/x.proto", "p.v1.M.f")) << name;
  }
  for (const auto* name : {"a/pro", "x.proto", "p.v", "p.v1.M.ff", "M.f"}) {
    EXPECT_FALSE(is_ignored({name}, "a/proto/x.proto", "p.v1.M.f")) << name;
  }
  EXPECT_TRUE(is_ignored({"GET /v1/x"}, "a/openapi.json", "GET /v1/x response.f"));
}

}  // namespace
}  // namespace api
