#include <gtest/gtest.h>

#include "supervisor/app/supervisor_fixture.hpp"

namespace app::testing {
namespace {

using Log = std::vector<std::string>;
using ::testing::ElementsAre;
using Moving = Supervisor::Moving;

class FaultsTest : public SupervisorTest {
 protected:
  std::map<std::string, std::uint16_t> own_ports(const std::string& name) {
    std::map<std::string, std::uint16_t> ports;
    supervisor_->each([&](const Instance& one) {
      if (one.name() == name) ports = one.service().ports;
    });
    return ports;
  }
};

TEST_F(FaultsTest, AShotIsACrash) {
  Supervisor& supervisor = all_up();
  const auto hit = supervisor.shoot("db");
  ASSERT_TRUE(hit);
  ASSERT_EQ(hit.value().size(), 1U);
  EXPECT_EQ(hit.value()[0].first, "db");
  EXPECT_EQ(host_.log, (Log{"shoot db"}));
  EXPECT_EQ(state("db"), "ready");  // nobody has asked for its end
  host_.end("db", killed);
  time_.advance(0ms);
  EXPECT_EQ(view("db").restarts, 1);
}

TEST_F(FaultsTest, WhatIsFrozenIsThawed) {
  Supervisor& supervisor = all_up();
  ASSERT_TRUE(supervisor.freeze("app"));
  supervisor.thaw("app");
  EXPECT_EQ(host_.log, (Log{"suspend app", "resume app"}));
}

TEST_F(FaultsTest, NobodyThereIsNoFault) {
  Supervisor& supervisor = make();
  EXPECT_EQ(supervisor.shoot("db").error().code, base::ErrorCode::conflict);
  EXPECT_EQ(supervisor.freeze("nobody").error().code, base::ErrorCode::not_found);
  EXPECT_EQ(supervisor.move("db").error().code, base::ErrorCode::conflict);
}

TEST_F(FaultsTest, AMoveRestartsAtAnotherPortAndTellsTheOldOne) {
  Supervisor& supervisor = all_up();
  const auto moved = supervisor.move("db");
  ASSERT_TRUE(moved) << moved.error().message;
  ASSERT_EQ(moved.value().size(), 1U);
  EXPECT_EQ(moved.value()[0].front, 1);
  const auto back = moved.value()[0].back;
  EXPECT_EQ(supervisor.moving("db", false), Moving::under_way);
  EXPECT_THAT(host_.log, ElementsAre("terminate db"));
  prober_.healthy.insert(back);
  host_.end("db", 0);
  time_.advance(100ms);
  EXPECT_EQ(supervisor.moving("db", false), Moving::there);
  EXPECT_EQ(own_ports("db").at("http"), back);
  EXPECT_EQ(view("db").ports.at("http"), 1);
  EXPECT_EQ(state("app"), "ready");

  EXPECT_EQ(supervisor.move("db").error().code, base::ErrorCode::conflict);  // once is enough
  supervisor.move_back("db", moved.value());
  host_.end("db", 0);
  time_.advance(100ms);
  EXPECT_EQ(supervisor.moving("db", false), Moving::there);
  EXPECT_EQ(own_ports("db").at("http"), 1);
}

TEST_F(FaultsTest, WithHeldSocketsTheSuccessorIsReadyFirst) {
  cluster_.services["app"].sockets = {"http"};
  Supervisor& supervisor = all_up();
  const auto moved = supervisor.move("app");
  ASSERT_TRUE(moved);
  time_.advance(0ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn app"));
  EXPECT_EQ(host_.count("app"), 2);
  EXPECT_EQ(supervisor.moving("app", false), Moving::under_way);
  prober_.healthy.insert(moved.value()[0].back);
  time_.advance(100ms);
  EXPECT_THAT(host_.log, ElementsAre("spawn app", "terminate app"));
  EXPECT_EQ(supervisor.moving("app", false), Moving::there);  // the old one finishes what it has
  EXPECT_EQ(supervisor.moving("app", true), Moving::under_way);
  EXPECT_EQ(view("app").ports.at("http"), 2);
}

TEST_F(FaultsTest, OneThatCannotComeUpElsewhereStaysWhereItWas) {
  cluster_.services["app"].sockets = {"http"};
  cluster_.services["app"].restart.policy = spec::RestartPolicy::no;
  Supervisor& supervisor = all_up();
  ASSERT_TRUE(supervisor.move("app"));
  time_.advance(0ms);
  host_.end_newest("app", exit_1);
  time_.advance(100ms);
  EXPECT_EQ(supervisor.moving("app", false), Moving::failed);
  EXPECT_EQ(own_ports("app").at("http"), 2);
  EXPECT_EQ(state("app"), "ready");
}

TEST_F(FaultsTest, FilesThatChangeMeanwhileLeaveItBehindTheGate) {
  Supervisor& supervisor = all_up();
  const auto moved = supervisor.move("db");
  ASSERT_TRUE(moved);
  const auto back = moved.value()[0].back;
  prober_.healthy.insert(back);
  host_.end("db", 0);
  time_.advance(100ms);
  host_.log.clear();
  supervisor.reload(cluster_);
  EXPECT_TRUE(host_.log.empty());
  cluster_.services["db"].version = "2";
  supervisor.reload(cluster_);
  host_.end("db", 0);
  time_.advance(100ms);
  EXPECT_EQ(own_ports("db").at("http"), back);
  EXPECT_EQ(state("db"), "ready");
}

TEST_F(FaultsTest, SomeCannotBeMoved) {
  add("fixed", 4711).command = {"serve", "--port=4711"};
  add("longer", 471).command = {"serve", "4711"};  // another number
  add("mute", 5).ports.clear();
  cluster_.services["mute"].ready.reset();
  auto& far = add("far", 6);
  far.source = spec::Source::external;
  prober_.healthy.insert({471, 4711, 6});
  Supervisor& supervisor = all_up();
  for (const char* name : {"fixed", "mute", "far"}) {
    const auto moved = supervisor.move(name);
    ASSERT_FALSE(moved) << name;
    EXPECT_EQ(moved.error().code, base::ErrorCode::invalid) << name;
  }
  EXPECT_TRUE(supervisor.move("longer"));
}

}  // namespace
}  // namespace app::testing
