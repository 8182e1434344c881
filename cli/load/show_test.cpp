#include "cli/load/show.hpp"

#include <gmock/gmock.h>

#include "cli/load/chart.hpp"

namespace load {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

base::Json result() {
  const base::Json latency{{"count", 10},      {"p50", 900.0},    {"p90", 1000.0}, {"p99", 49'000.0},
                           {"p999", 60'000.0}, {"max", 70'000.0}, {"mean", 1200.0}};
  return {
      {"name", "<shop>"},
      {"model", "open"},
      {"rps", 100.0},
      {"planned_rate", 120.0},
      {"completed", 9},
      {"errors", 1},
      {"missed", 3},
      {"elapsed_s", 0.1},
      {"latency_us", latency},
      {"latency_uncorrected_us", latency},
      {"errors_by_kind", {{"timeout", 1}}},
      {"percentile_curve", {{0.0, 10.0}, {50.0, 900.0}, {100.0, 70'000.0}}},
      {"timeline", {{{"at_s", 0.0}, {"sent", 5}, {"p50_us", 10.0}}, {{"at_s", 0.05}, {"sent", 5}, {"p50_us", 900.0}}}},
      {"steps",
       {{{"name", "a \x1b[31m"},
         {"scenario", "s"},
         {"completed", 9},
         {"errors", 1},
         {"first_error", "<b>"},
         {"latency_us", latency}}}},
      {"generator", {{"spoiled", true}, {"why", {"late"}}}},
      {"cluster",
       {{"routes", {{{"service", "web"}, {"endpoint", "GET /"}, {"count", 10}, {"mean_us", 5.0}, {"total_us", 50.0}}}},
        {"restarts", {{{"time", "12:00"}, {"service", "web"}, {"state", "backoff"}, {"reason", "exit code 1"}}}}}}};
}

std::string plain(Mark, const std::string& text) { return text; }

TEST(Show, TextSaysWhatMatters) {
  auto json = result();
  add_verdicts(json, {read_threshold("p99<10ms").value(), read_threshold("errors<5").value()});
  EXPECT_THAT(
      show_text(json, plain),
      AllOf(HasSubstr("9 answers"), HasSubstr("of 120/s wanted"), HasSubstr("; 1 error"), HasSubstr("3 never sent"),
            HasSubstr("1 timeout"), HasSubstr("MISSED  p99<10ms  (49.0 ms)"), HasSubstr("held    errors<5"),
            HasSubstr("web GET /"), HasSubstr("web backoff  exit code 1"), HasSubstr("spoiled this run")));
  EXPECT_FALSE(json["passed"]);
}

TEST(Show, TextOfOthersIsPaintedAndVerdictsAreAdded) {
  auto json = result();
  json["steps"].push_back(json["steps"][0]);
  const Paint caught = [](Mark, const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\x1b' ? '?' : c;
    return out;
  };
  EXPECT_THAT(show_text(json, caught), AllOf(HasSubstr("a ?[31m"), Not(HasSubstr("\x1b"))));
  add_verdicts(json, {read_threshold("p99<10ms").value()});
  add_verdicts(json, {read_threshold("errors<5").value()});
  EXPECT_EQ(json["thresholds"].size(), 2U);
  EXPECT_FALSE(json["passed"]);
}

TEST(Show, PageHoldsNothingUnescapedAndLoadsNothing) {
  const std::string page = show_page(result());
  EXPECT_THAT(page, AllOf(HasSubstr("&lt;shop&gt;"), HasSubstr("&lt;b&gt;"), Not(HasSubstr("<shop>")),
                          Not(HasSubstr("<b>9")), Not(HasSubstr("src=")), HasSubstr("<svg"), Not(HasSubstr("nan"))));
}

TEST(Show, PageClaimsNoThresholdsThatWereNotSet) {
  auto json = result();
  json.erase("thresholds");
  json.erase("passed");
  EXPECT_THAT(show_page(json), AllOf(HasSubstr("no thresholds set"), Not(HasSubstr("thresholds held"))));
  json["completed"] = 0;
  EXPECT_THAT(show_page(json), HasSubstr("nothing was answered"));
  json["stopped"] = "interrupted";
  json["cut_off"] = 7;
  EXPECT_THAT(show_page(json), HasSubstr("when 7 sent had no answer yet"));
  EXPECT_THAT(show_text(json, plain), HasSubstr("7 requests had no answer yet"));
}

TEST(Show, JunitHasACasePerThresholdAndStep) {
  auto json = result();
  add_verdicts(json, {read_threshold("p99<10ms").value()});
  EXPECT_THAT(show_junit(json), AllOf(HasSubstr("p99&lt;10ms"), HasSubstr("was 49.0 ms"), HasSubstr("failures=\"1\"")));
}

TEST(Show, AnEmptyResultIsShownAsWell) {
  const base::Json nothing{{"latency_us", base::Json::object()}};
  EXPECT_THAT(show_text(nothing, plain), HasSubstr("0 answers"));
  EXPECT_THAT(show_page(nothing), HasSubstr("nothing to draw"));
  EXPECT_THAT(show_progress(base::Json::object()), HasSubstr("0 errors"));
}

TEST(Chart, TicksAreRound) {
  EXPECT_THAT(round_ticks(0, 100, 5), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(round_ticks(3, 9, 3), ElementsAre(4, 6, 8));
  EXPECT_THAT(round_ticks(1, 1, 3), ElementsAre());
}

}  // namespace
}  // namespace load
