#include "cli/load/saved.hpp"

#include <gmock/gmock.h>

#include "cli/load/show.hpp"
#include "supervisor/spec/schema_validator.hpp"

namespace load {
namespace {

using base::Json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json whole_result() {
  return Json::parse(R"({
    "name": "shop", "model": "open", "started": "2026-01-01T00:00:00Z", "stopped": "budget: time", "cut_off": 2,
    "elapsed_s": 1.5, "planned_s": 1, "planned_rate": 10, "connections": 4, "rps": 9.5, "sent": 10, "completed": 9,
    "errors": 1, "missed": 1, "error_rate": 0.1, "passed": true, "first_error": "refused", "iterations": 10,
    "latency_us": {"count": 10, "min": 1, "mean": 5, "p50": 4, "p90": 8, "p99": 9, "p999": 9.5, "max": 10},
    "latency_uncorrected_us": {"count": 10, "mean": 5, "p50": 4, "p90": 8, "p99": 9, "p999": 9.5, "max": 10},
    "percentile_curve": [[0, 1], [50, 4], [100, 10]], "percentile_curve_uncorrected": [[0, 1], [100, 10]],
    "errors_by_kind": {"timeout": 1}, "statuses": {"200": 9},
    "steps": [
      {"name": "buy", "scenario": "a", "service": "shop", "sent": 5, "completed": 4, "errors": 1, "missed": 0,
       "error_rate": 0.2, "rps": 4, "first_error": "refused", "latency_us": {"count": 5, "p50": 4, "p99": 9, "max": 9},
       "percentile_curve": [[0, 1], [100, 9]]},
      {"name": "look", "scenario": "a", "sent": 0, "completed": 0, "errors": 0, "missed": 0, "rps": 0,
       "first_error": null, "latency_us": {"count": 0}}],
    "thresholds": [{"threshold": "p99<1s", "actual": "9 µs", "held": true, "value": 9}],
    "timeline": [{"at_s": 0, "sent": 5, "completed": 5, "errors": 0, "missed": 0, "rps": 5, "p50_us": 4, "p99_us": 9,
      "max_us": 9}, {"at_s": 1, "sent": 5, "completed": 4, "errors": 1, "missed": 1, "p50_us": 4, "p99_us": 9}],
    "cluster": {"routes": [{"service": "web", "endpoint": "GET /", "count": 9, "errors": 1, "mean_us": 4, "own_us": 3,
      "way_us": 1, "total_us": 40, "share": 0.9}], "entry": {"count": 9, "mean_us": 4, "way_us": 1, "share": 0.1},
      "summary": "most of the time", "notes": ["a note"], "calls": [], "spans": [],
      "restarts": [{"time": "12:00", "service": "web", "state": "backoff", "reason": "exit code 1"}]},
    "find_max": {"rate": 10, "confirmed": true, "limit": "rule", "trials": [
      {"rate": 10, "rps": 9, "p50_us": 4, "p99_us": 9, "error_rate": 0.1, "held": true}]},
    "generator": {"late_us": {"p50": 1, "p99": 2, "max": 3}, "cpu_s": 0.1, "threads": 1, "connects": 4,
      "held_for_a_connection": 0, "spoiled": true, "why": ["late"]}
  })");
}

std::string plain(Mark, const std::string& text) { return text; }

// As `msctl load --show FILE --threshold … --html … --junit …` does it.
void show_all(Json result) {
  add_verdicts(result, {read_threshold("p99.5<1us").value(), read_threshold("buy: p95<1us").value(),
                        read_threshold("error_rate<1%").value(), read_threshold("rps>1").value()});
  EXPECT_FALSE(show_text(result, plain).empty());
  EXPECT_FALSE(show_page(result).empty());
  EXPECT_FALSE(show_junit(result).empty());
}

TEST(Saved, SchemaHoldsOnlyWhatIsChecked) { EXPECT_THAT(spec::unknown_keywords(saved_schema()), IsEmpty()); }

TEST(Saved, AGoodResultIsTakenAndShown) {
  const auto read = read_saved(whole_result().dump(), "o.json");
  ASSERT_TRUE(read) << read.error().message;
  show_all(read.value());
  EXPECT_TRUE(read_saved(R"({"latency_us":{}})", "o.json"));
}

TEST(Saved, WhateverIsDamagedIsToldOrShown) {
  const std::vector<Json> others{nullptr,
                                 true,
                                 5,
                                 -1e300,
                                 1e300,
                                 "\x1b[31m",
                                 Json::array(),
                                 Json::array({1}),
                                 Json::array({Json::array()}),
                                 Json::array({nullptr}),
                                 Json::object(),
                                 Json{{"p50", "x"}}};
  const auto flat = whole_result().flatten();
  std::set<std::string> places{""};
  for (const auto& [pointer, value] : flat.items()) {
    for (auto at = pointer.find('/', 1); at != std::string::npos; at = pointer.find('/', at + 1)) {
      places.insert(pointer.substr(0, at));
    }
    places.insert(pointer);
  }
  ASSERT_GT(places.size(), 100U);
  std::size_t refused = 0;
  const auto try_one = [&](const Json& damaged, const std::string& what) {
    SCOPED_TRACE(what);
    const auto read = read_saved(damaged.dump(), "o.json");
    if (read) {
      EXPECT_NO_THROW(show_all(read.value()));
      return;
    }
    ++refused;
    EXPECT_THAT(read.error().message, AllOf(HasSubstr("o.json is not a result of msctl load"), HasSubstr("expected")));
  };
  for (const auto& place : places) {
    for (const auto& other : others) {
      Json damaged = whole_result();
      damaged[Json::json_pointer(place)] = other;
      try_one(damaged, place + " = " + other.dump());
    }
    if (place.empty()) continue;
    Json damaged = whole_result();
    const Json::json_pointer pointer(place);
    Json& parent = damaged[pointer.parent_pointer()];
    parent.is_object() ? static_cast<void>(parent.erase(pointer.back()))
                       : parent.erase(static_cast<std::size_t>(std::stoul(pointer.back())));
    try_one(damaged, place + " dropped");
  }
  EXPECT_GT(refused, 500U);
}

TEST(Saved, SaysWhereAndWhatWasExpected) {
  const auto said = [](const char* text) {
    const auto read = read_saved(text, "o.json");
    return read ? std::string() : read.error().message;
  };
  EXPECT_THAT(said(R"({"latency_us":5,"steps":{}})"), HasSubstr("\"/latency_us\": expected a map, got 5"));
  EXPECT_THAT(said(R"({"latency_us":{"p50":"x"},"steps":[]})"), HasSubstr("\"/latency_us/p50\": expected a number"));
  EXPECT_THAT(said("[]"), HasSubstr("expected a map, got a list"));
  EXPECT_THAT(said("{"), HasSubstr("o.json is not a result"));
}

// Neither a step beside which nothing counts nor a value near zero keeps the page from being drawn.
TEST(Saved, ChartsOfOddNumbersEnd) {
  Json result = whole_result();
  result["timeline"] = Json::array({{{"at_s", 1e15}, {"p50_us", 5e-324}, {"p99_us", 1e15}},
                                    {{"at_s", 999999999999999.9}, {"p50_us", 1e-300}, {"max_us", 1e-300}}});
  const auto read = read_saved(result.dump(), "o.json");
  ASSERT_TRUE(read);
  show_all(read.value());
}

}  // namespace
}  // namespace load
