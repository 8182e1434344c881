#include "cli/saga/view.hpp"

#include <gtest/gtest.h>

#include "cli/session/log_time.hpp"

namespace saga {
namespace {

using base::Json;
using cli::Style;

std::int64_t at(const char* time) { return cli::parse_log_time(time, 0).value(); }

Json order(const char* id, const char* state, const char* started, const char* updated, const char* reason = "") {
  return {{"service", "order-service"},
          {"id", id},
          {"kind", "order"},
          {"state", state},
          {"step", "stock"},
          {"reason", reason},
          {"started_at", started},
          {"updated_at", updated},
          {"deadline", nullptr},
          {"retries", 0}};
}

TEST(Saga, TookIsShortAndNeverNegative) {
  const auto now = at("2026-11-27T10:02:05.000Z");
  EXPECT_EQ(took("2026-11-27T10:00:00.000Z", "2026-11-27T10:00:00.083Z", now), "83 ms");
  EXPECT_EQ(took("2026-11-27T10:00:00.000Z", "2026-11-27T10:00:01.250Z", now), "1.2 s");
  EXPECT_EQ(took("2026-11-27T10:00:00.000Z", "", now), "2 min 5 s") << "not over yet";
  EXPECT_EQ(took("2026-11-27T10:00:01.000Z", "2026-11-27T10:00:00.000Z", now), "0 ms") << "two clocks";
  EXPECT_EQ(took("soon", "", now), "-");
  EXPECT_EQ(took("", "", now), "-");
}

TEST(Saga, TableIsAlignedAndNewestFirst) {
  Json all{order("a", "completed", "2026-11-27T10:00:00.000Z", "2026-11-27T10:00:00.083Z"),
           order("b", "running", "2026-11-27T10:00:01.000Z", "2026-11-27T10:00:01.000Z"),
           order("c", "compensated", "2026-11-27T10:00:00.500Z", "2026-11-27T10:00:00.600Z", "sold_out")};
  sort_newest_first(all);
  EXPECT_EQ(table(all, at("2026-11-27T10:00:04.000Z"), Style::plain()),
            "ID  SERVICE        KIND   STATE        STEP   STARTED                   TOOK    RETRIES  REASON\n"
            "b   order-service  order  running      stock  2026-11-27T10:00:01.000Z  3.0 s   0        -\n"
            "c   order-service  order  compensated  stock  2026-11-27T10:00:00.500Z  100 ms  0        sold_out\n"
            "a   order-service  order  completed    stock  2026-11-27T10:00:00.000Z  83 ms   0        -\n");
}

TEST(Saga, StoryHasEachStepWithItsTimes) {
  auto one = order("c", "compensated", "2026-11-27T10:00:00.500Z", "2026-11-27T10:00:00.600Z", "sold_out");
  one["steps"] = {{{"name", "payment"},
                   {"state", "compensated"},
                   {"started_at", "2026-11-27T10:00:00.500Z"},
                   {"ended_at", "2026-11-27T10:00:00.540Z"},
                   {"attempts", 1},
                   {"detail", "payment.refunded"}},
                  {{"name", "stock"},
                   {"state", "refused"},
                   {"started_at", "2026-11-27T10:00:00.540Z"},
                   {"ended_at", "2026-11-27T10:00:00.550Z"},
                   {"attempts", 1},
                   {"detail", "sold_out\x1b[2J"}},
                  {{"name", "later"}, {"state", "skipped"}, {"started_at", nullptr}, {"ended_at", nullptr}}};
  EXPECT_EQ(story(one, at("2026-11-27T11:00:00.000Z"), Style::plain()),
            "order c of order-service: compensated, sold_out\n"
            "started 2026-11-27T10:00:00.500Z, took 100 ms, retries 0\n"
            "\n"
            "STEP     STATE        STARTED                   AFTER  TOOK   ATTEMPTS  DETAIL\n"
            "payment  compensated  2026-11-27T10:00:00.500Z  0 ms   40 ms  1         payment.refunded\n"
            "stock    refused      2026-11-27T10:00:00.540Z  40 ms  10 ms  1         sold_out\\x1b[2J\n"
            "later    skipped      -                         -      -      -         -\n");
}

TEST(Saga, StoryOfOneUnderWayTellsItsDeadline) {
  auto one = order("b", "running", "2026-11-27T10:00:01.000Z", "2026-11-27T10:00:01.000Z");
  one["deadline"] = "2026-11-27T10:02:01.000Z";
  EXPECT_EQ(story(one, at("2026-11-27T10:00:03.000Z"), Style::plain()),
            "order b of order-service: running\n"
            "started 2026-11-27T10:00:01.000Z, under way for 2.0 s, retries 0, deadline 2026-11-27T10:02:01.000Z\n"
            "\n"
            "STEP  STATE  STARTED  AFTER  TOOK  ATTEMPTS  DETAIL\n");
}

// Whatever another version of a service says, nothing is thrown.
TEST(Saga, BearsWhatItDoesNotKnow) {
  const Json odd{{"id", 7}, {"steps", "none"}, {"state", Json::object()}};
  EXPECT_FALSE(table(Json::array({odd}), 0, Style::plain()).empty());
  EXPECT_FALSE(story(Json::object(), 0, Style::plain()).empty());
}

}  // namespace
}  // namespace saga
