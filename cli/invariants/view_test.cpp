#include "cli/invariants/view.hpp"

#include <gtest/gtest.h>

namespace invariants {
namespace {

using cli::Style;

std::vector<Finding> sample() {
  Finding ok{"one-end", Status::ok, 12, {}};
  Finding broken{"one-payment", Status::broken, 12, {}};
  for (int i = 1; i <= 12; ++i) broken.breaches.push_back({"o" + std::to_string(i), "1 payment", "2 payments"});
  broken.breaches.push_back({"o13", "1 payment", "0 payments\x1b[2J"});
  Finding skipped{"money", Status::skipped, 0, {}, "This cluster has no legacy-payments."};
  return {ok, broken, skipped};
}

TEST(InvariantsView, NamesTenAndCountsTheOthers) {
  EXPECT_EQ(
      table(sample(), Style::plain()),
      "INVARIANT    STATUS   CHECKED  EVIDENCE\n"
      "one-end      ok       12       each order is confirmed or cancelled, and never both\n"
      "one-payment  broken   12       broken 13 times: each order has one payment, of its total and in the state "
      "that fits\n"
      "                               expected 1 payment, got 2 payments: o1, o2, o3, o4, o5, o6, o7, o8, o9, o10 "
      "and 2 more\n"
      "                               expected 1 payment, got 0 payments\\x1b[2J: o13\n"
      "money        skipped  -        This cluster has no legacy-payments.\n");
  EXPECT_EQ(summary(sample(), 12), "1 hold, 1 broken, 1 skipped, over 12 orders");
}

TEST(InvariantsView, DocumentHasTheNumbers) {
  const auto list = document(sample());
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[1]["invariant"], "one-payment");
  EXPECT_EQ(list[1]["status"], "broken");
  EXPECT_EQ(list[1]["checked"], 12);
  EXPECT_EQ(list[1]["broken"], 13);
  EXPECT_EQ(list[1]["breaches"].size(), most_named);
  EXPECT_EQ(list[1]["breaches"][0], (base::Json{{"subject", "o1"}, {"expected", "1 payment"}, {"got", "2 payments"}}));
  EXPECT_EQ(list[2]["evidence"][0], "This cluster has no legacy-payments.");
}

TEST(InvariantsView, WhatIsSkippedFailsOnlyWhenAllIsNeeded) {
  auto findings = sample();
  EXPECT_TRUE(is_failure(findings, false));
  findings.erase(findings.begin() + 1);
  EXPECT_FALSE(is_failure(findings, false));
  EXPECT_TRUE(is_failure(findings, true));
}

TEST(InvariantsView, ListsEachOnce) {
  EXPECT_EQ(list_document().size(), all_invariants().size());
  EXPECT_NE(list_table().find("events-once"), std::string::npos);
}

}  // namespace
}  // namespace invariants
