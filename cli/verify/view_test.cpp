#include "cli/verify/view.hpp"

#include <gtest/gtest.h>

#include <array>

namespace verify {
namespace {

base::Result<Finding> look(World& /*world*/) { return passed(""); }

constexpr std::array checks{Check{1, "services", "Service per bounded context", "looks", look},
                            Check{4, "gateway", "Gateway", "", nullptr},
                            Check{9, "outbox", "Transactional outbox", "stops", look}};

Report sample() {
  Report report;
  report.cluster = "shop";
  report.time = "2026-11-21T06:30:45.123Z";
  report.seconds = 1.25;
  report.outcomes = {{&checks[0], passed("three processes <apart>"), 0.04},
                     {&checks[1], absent("Nothing of it is looked at yet."), 0},
                     {&checks[2], failed("one event was lost"), 1.2}};
  return report;
}

TEST(View, TableIsAligned) {
  EXPECT_EQ(table(sample(), cli::Style::plain(), 0),
            "#  PATTERN                      STATUS  TIME   EVIDENCE\n"
            "1  Service per bounded context  passed  0.0 s  three processes <apart>\n"
            "4  Gateway                      absent  -      Nothing of it is looked at yet.\n"
            "9  Transactional outbox         failed  1.2 s  one event was lost\n");
}

TEST(View, WrapsEvidenceToTheTerminal) {
  EXPECT_EQ(wrapped("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("überlanges-wort x", 4), (std::vector<std::string>{"überlanges-wort", "x"}));
  EXPECT_EQ(wrapped("", 4), std::vector<std::string>{""});
  auto report = sample();
  report.outcomes[0].finding.evidence = std::string(30, 'a') + " " + std::string(30, 'b');
  const auto text = table(report, cli::Style::plain(), 90);
  EXPECT_NE(text.find("\n" + std::string(47, ' ') + "bbb"), std::string::npos) << text;
}

TEST(View, SummaryNamesWhatThereIs) {
  EXPECT_EQ(summary(sample()), "1 passed, 1 failed, 1 absent in 1.2 s");
  Report none;
  EXPECT_EQ(summary(none), "0 passed, 0 failed in 0.0 s");
}

TEST(View, WhatIsAbsentFailsOnlyWhenAllIsNeeded) {
  auto report = sample();
  EXPECT_FALSE(is_failure(report, report.outcomes[0]));
  EXPECT_FALSE(is_failure(report, report.outcomes[1]));
  EXPECT_TRUE(is_failure(report, report.outcomes[2]));
  report.needs_all = true;
  EXPECT_TRUE(is_failure(report, report.outcomes[1]));
  EXPECT_FALSE(is_failure(report, report.outcomes[0]));
}

TEST(View, DocumentHasARowForEachPattern) {
  const auto list = document(sample());
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[2]["pattern"], 9);
  EXPECT_EQ(list[2]["name"], "outbox");
  EXPECT_EQ(list[2]["title"], "Transactional outbox");
  EXPECT_EQ(list[2]["status"], "failed");
  EXPECT_EQ(list[2]["evidence"], "one event was lost");
  EXPECT_EQ(list[0]["seconds"], 0.04);
}

TEST(View, JunitHasFailedAndSkippedCases) {
  auto report = sample();
  auto text = junit(report);
  EXPECT_NE(text.find("failed: one event was lost"), std::string::npos) << text;
  EXPECT_NE(text.find("<skipped"), std::string::npos) << text;
  report.needs_all = true;
  text = junit(report);
  EXPECT_EQ(text.find("<skipped"), std::string::npos) << text;
}

TEST(View, HtmlIsEscaped) {
  const auto text = html(sample());
  EXPECT_NE(text.find("three processes &lt;apart&gt;"), std::string::npos);
  EXPECT_NE(text.find("class=\"bad\">failed"), std::string::npos);
  EXPECT_EQ(text.find("<apart>"), std::string::npos);
}

TEST(View, ListSaysWhatIsNotLookedAt) {
  const std::vector<const Check*> all{&checks[0], &checks[1]};
  EXPECT_EQ(list_table(all),
            "#  NAME      PATTERN                      WHAT THE CHECK DOES\n"
            "1  services  Service per bounded context  looks\n"
            "4  gateway   Gateway                      nothing yet\n");
  EXPECT_EQ(list_document(all)[1]["looked_at"], false);
}

}  // namespace
}  // namespace verify
