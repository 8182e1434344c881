#include "supervisor/app/event_log.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

control::EventView of(const char* service) {
  control::EventView event;
  event.service = service;
  return event;
}

TEST(EventLog, gives_what_came_after) {
  EventLog log;
  log.append(of("a"));
  log.append(of("b"));
  ASSERT_EQ(log.after(1).size(), 1U);
  EXPECT_EQ(log.after(1)[0].service, "b");
  EXPECT_EQ(log.after(1)[0].seq, 2U);
  EXPECT_TRUE(log.after(2).empty());
  EXPECT_TRUE(log.after(99).empty());
}

TEST(EventLog, forgets_the_oldest) {
  EventLog log;
  for (std::size_t i = 0; i < kept_events + 10; ++i) log.append(of("a"));
  EXPECT_EQ(log.after(0).size(), kept_events);
  EXPECT_EQ(log.after(0).front().seq, 11U);
}

TEST(EventLog, wakes_a_waiter_once_and_not_after_it_left) {
  EventLog log;
  int woken = 0;
  log.wait([&] { ++woken; });
  log.leave(log.wait([&] { woken += 100; }));
  log.append(of("a"));
  log.append(of("b"));
  EXPECT_EQ(woken, 1);
}

TEST(EventLog, wakes_everybody_when_it_is_closed) {
  EventLog log;
  int woken = 0;
  log.wait([&] { ++woken; });
  EXPECT_FALSE(log.closed());
  log.close();
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(log.closed());
}

TEST(EventLog, knows_whether_a_reader_has_seen_all) {
  EventLog log;
  log.append(of("a"));
  EXPECT_FALSE(log.has_reader_behind());  // nobody reads
  log.read_up_to(0);
  EXPECT_TRUE(log.has_reader_behind());
  int told = 0;
  log.on_caught_up([&] { ++told; });
  log.read_up_to(0);
  EXPECT_EQ(told, 0);
  log.read_up_to(1);
  log.read_up_to(1);
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(log.has_reader_behind());
}

}  // namespace
}  // namespace app
