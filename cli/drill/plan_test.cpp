#include "cli/drill/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drill {
namespace {

using ::testing::HasSubstr;

spec::Cluster cluster() {
  spec::Cluster cluster;
  for (const char* name : {"gateway", "order-service", "user-service", "nats", "elsewhere", "mute"}) {
    auto& service = cluster.services[name];
    service.name = name;
    if (std::string(name) != "mute") service.ports = {{"http", 1}};
  }
  cluster.services["order-service"].depends_on = {{"user-service"}, {"nats"}};
  cluster.services["gateway"].depends_on = {{"user-service"}, {"order-service"}};
  cluster.services["elsewhere"].source = spec::Source::external;
  cluster.services["elsewhere"].depends_on = {{"nats"}};
  return cluster;
}

base::Result<std::vector<Fault>> plan_of(const std::string& line, bool blackhole = false) {
  std::vector<std::string> words;
  std::istringstream text(line);
  for (std::string word; text >> word;) words.push_back(word);
  Wishes wishes;
  wishes.blackhole = blackhole;
  return plan(words, cluster(), wishes);
}

TEST(Plan, TakesOneFaultAfterTheOther) {
  const auto faults = plan_of("kill user-service.2 slow nats 50ms cut gateway order-service pause nats");
  ASSERT_TRUE(faults) << faults.error().message;
  ASSERT_EQ(faults.value().size(), 4U);
  const auto& kill = faults.value()[0];
  EXPECT_EQ(kill.requests.at(0).fault, "kill");
  EXPECT_FALSE(kill.lasts);
  EXPECT_TRUE(kill.gates.empty());
  const auto& slow = faults.value()[1];
  EXPECT_EQ(slow.text, "slow nats 50ms");
  EXPECT_EQ(slow.requests.at(0).delay_ms, 50);
  EXPECT_EQ(slow.gates, std::vector<std::string>{"nats"});
  const auto& cut = faults.value()[2];
  EXPECT_EQ(cut.requests.at(0).fault, "reset");
  EXPECT_EQ(cut.requests.at(0).from, "gateway");
  EXPECT_EQ(cut.requests.at(0).service, "order-service");
}

TEST(Plan, CutsWhereOneCallsTheOther) {
  const auto turned = plan_of("cut user-service order-service", true);
  ASSERT_TRUE(turned);
  ASSERT_EQ(turned.value()[0].requests.size(), 1U);
  EXPECT_EQ(turned.value()[0].requests[0].from, "order-service");
  EXPECT_EQ(turned.value()[0].requests[0].service, "user-service");
  EXPECT_EQ(turned.value()[0].requests[0].fault, "blackhole");
  const auto routed = plan_of("cut user-service gateway");
  EXPECT_EQ(routed.value()[0].requests.at(0).from, "gateway");
}

TEST(Plan, SaysWhatIsWrong) {
  struct Row {
    const char* line;
    const char* said;
  };
  const std::vector<Row> rows{
      {"", "expected a fault"},
      {"explode nats", "no fault `explode`"},
      {"kill", "something is missing"},
      {"kill user-servic", "did you mean `user-service`"},
      {"slow nats", "slow nats"},
      {"slow nats fast", "expected a time"},
      {"slow nats -5ms", "expected a time"},
      {"cut nats", "something is missing"},
      {"cut nats nats", "twice"},
      {"slow elsewhere 5ms", "lives elsewhere"},
      {"kill elsewhere", "lives elsewhere"},
      {"refuse mute", "no ports"},
      {"cut elsewhere nats", "cannot be told"},
      {"cut nats user-service", "cut: nats and user-service do not call each other: nothing to cut"},
      {"cut mute nats", "nothing to cut"},
      {"throttle nats 10", "bytes a second"},
      {"pieces nats 1.5", "whole number"},
      {"slow nats.2 5ms", "no service `nats.2`"},
  };
  for (const auto& row : rows) {
    const auto faults = plan_of(row.line);
    ASSERT_FALSE(faults) << row.line;
    if (std::string(row.line) != "slow nats") {
      EXPECT_THAT(faults.error().message, HasSubstr(row.said)) << row.line;
    }
  }
}

TEST(Plan, ReadsTimesAndSizes) {
  EXPECT_EQ(duration("200ms").value(), Ms(200));
  EXPECT_EQ(duration("1.5s").value(), Ms(1500));
  EXPECT_EQ(duration("2m").value(), Ms(120'000));
  EXPECT_EQ(size("10kB").value(), 10'000);
  EXPECT_EQ(size("500B").value(), 500);
  for (const char* text : {"", "5", "ms", "0s", "1h", "infs", "nans", "1e99s", "99999m"})
    EXPECT_FALSE(duration(text)) << text;
  for (const char* text : {"", "5", "0B", "1GB", "-1kB"}) EXPECT_FALSE(size(text)) << text;
}

}  // namespace
}  // namespace drill
