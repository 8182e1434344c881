#include "cli/drill/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/drill/scenario_load.hpp"

namespace drill {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two faults: the first is well, under the second an order is lost and four of ten are refused.
Report example() {
  Report report;
  report.cluster = "shop";
  report.load = "50 orders a second";
  report.with_events = true;
  Phase kill;
  kill.fault = "kill a";
  kill.back_ms = 40;
  kill.during.sent = 10;
  Phase cut;
  cut.fault = "cut a <b>";
  cut.back_ms = 600;
  cut.ended_us = 500'000;
  cut.over_us = 900'000;
  cut.during.sent = 10;
  cut.during.refused = 4;
  cut.timeline.push_back({0, "cut a <b>"});
  report.phases = {kill, cut};
  report.verdict.findings.push_back({Harm::lost, 2, "order 7 was acknowledged and is not there"});
  Attempt attempt;
  attempt.outcome = Outcome::acknowledged;
  attempt.done_us = 2'000;
  report.attempts = {attempt};
  return report;
}

TEST(Text, RowsPutHarmToItsFault) {
  const auto all = rows(example());
  ASSERT_THAT(all, SizeIs(2));
  ASSERT_EQ(all[0].size(), header().size());
  EXPECT_EQ(all[0][1], "40 ms");
  EXPECT_EQ(all[0][6], "0");
  EXPECT_EQ(all[1][3], "4");
  EXPECT_EQ(all[1][6], "1");
}

TEST(Text, JsonHasEverything) {
  const auto json = to_json(example(), {});
  EXPECT_FALSE(json["holds"].get<bool>());
  EXPECT_EQ(json["lost"], 1);
  EXPECT_EQ(json["faults"][0]["back_ms"], 40);
  EXPECT_EQ(json["faults"][1]["lost"], 1);
  EXPECT_EQ(json["findings"][0]["harm"], "lost");
  auto late = example();
  late.phases[0].back_ms.reset();
  EXPECT_TRUE(to_json(late, {})["faults"][0]["back_ms"].is_null());
  EXPECT_EQ(to_json(late, {})["not_back"], 1);
}

TEST(Text, LimitsAreOfEachFault) {
  Limits limits;
  EXPECT_THAT(missed(example(), limits), IsEmpty());
  limits.back_ms = 100;
  EXPECT_THAT(missed(example(), limits), SizeIs(1));
  limits = {};
  ASSERT_TRUE(read_refused("40%", limits));
  EXPECT_THAT(missed(example(), limits), IsEmpty());
  ASSERT_TRUE(read_refused("39.9%", limits));
  EXPECT_THAT(missed(example(), limits), SizeIs(1));
  limits = {};
  ASSERT_TRUE(read_refused("3", limits));
  EXPECT_THAT(missed(example(), limits), SizeIs(1));
  for (const char* text : {"", "x", "-1", "101%", "1.5", "5 %", "inf", "nan%"})
    EXPECT_FALSE(read_refused(text, limits)) << text;
}

TEST(Text, ReportsForOthersNameWhatFailed) {
  const auto suite = suites(example(), {}).at(0);
  ASSERT_THAT(suite.cases, SizeIs(2));
  EXPECT_EQ(suite.cases[0].outcome, report::Outcome::passed);
  EXPECT_EQ(suite.cases[1].outcome, report::Outcome::failed);
  EXPECT_THAT(suite.cases[1].message, HasSubstr("order 7"));
  const auto page = html(example(), {});
  EXPECT_THAT(page, HasSubstr("cut a &lt;b&gt;"));
  EXPECT_THAT(page, HasSubstr("It does not hold."));
  EXPECT_THAT(html(Report(), {}), HasSubstr("<svg"));  // nothing was sent at all
}

TEST(Text, SaysWhatWasNotDoneAndNotChecked) {
  auto report = example();
  report.not_done = {"pause c"};
  report.unchecked = 1;
  EXPECT_THAT(remarks(report, {}), Contains(HasSubstr("pause c: not done")));
  EXPECT_THAT(remarks(report, {}).back(), HasSubstr("nothing is known of losses"));
  EXPECT_EQ(to_json(report, {})["not_done"].size(), 1U);
  EXPECT_EQ(to_json(report, {})["unchecked"], 1);
  EXPECT_EQ(suites(report, {}).at(0).cases.back().outcome, report::Outcome::skipped);
  report.attempts.push_back(report.attempts.front());
  EXPECT_THAT(remarks(report, {}).back(), HasSubstr("1 of them cannot be read back"));
}

TEST(ReadBack, PutsCapturedValuesIn) {
  const std::map<std::string, std::string> values{{"order", "a/b"}, {"empty", ""}};
  EXPECT_EQ(path_with("/orders/${order}", values), "/orders/a%2Fb");
  EXPECT_EQ(path_with("/orders/${order}/x", values), "/orders/a%2Fb/x");
  EXPECT_EQ(path_with("/orders/${user}", values), std::nullopt);
  EXPECT_EQ(path_with("/orders/${empty}", values), std::nullopt);
  EXPECT_EQ(path_with("/orders/${order", values), std::nullopt);
  EXPECT_TRUE(check_read_back("/orders/${order}"));
  for (const char* path : {"", "orders/${order}", "/orders", "/orders/${order"})
    EXPECT_FALSE(check_read_back(path)) << path;
}

}  // namespace
}  // namespace drill
