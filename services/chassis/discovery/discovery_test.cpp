#include "services/chassis/discovery/discovery.hpp"

#include <gmock/gmock.h>

#include "services/chassis/discovery/balancer.hpp"
#include "services/chassis/discovery/discovery_contract.hpp"
#include "services/chassis/discovery/memory.hpp"

namespace chassis::discovery {
namespace {

class MemoryHarness {
 public:
  explicit MemoryHarness(Config config) : config_(std::move(config)) {}
  Discovery& discovery() { return discovery_; }
  void set(const std::string& service, Endpoints endpoints) { discovery_.set(service, std::move(endpoints)); }
  void settle() {}

 private:
  Config config_;
  MemoryDiscovery discovery_{config_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, DiscoveryContract, ::testing::Types<MemoryHarness>);

TEST(PortOf, IsTheNamedOneOrForHttpTheFirst) {
  const Endpoint endpoint{"a", "127.0.0.1", 80, {{"port_grpc", "81"}, {"port_admin", "x"}}};
  EXPECT_EQ(port_of(endpoint, "http"), 80);
  EXPECT_EQ(port_of(endpoint, "grpc"), 81);
  EXPECT_EQ(port_of(endpoint, "admin"), std::nullopt);
  EXPECT_EQ(port_of(endpoint, "other"), std::nullopt);
}

TEST(Static, HasRoutesAndCallsOfTheConfiguration) {
  Config config;
  config.routes = {{"/a", "/", "user", "127.0.0.1:8081"}};
  config.calls["user"] = {"127.0.0.1:9081"};
  const auto feed = StaticDiscovery(config).follow("user");
  ASSERT_EQ(feed->endpoints()->size(), 1U);
  EXPECT_EQ(port_of(feed->endpoints()->front(), "http"), 8081);
  EXPECT_EQ(port_of(feed->endpoints()->front(), "grpc"), 9081);
}

TEST(Balancer, TakesTurnsAndFollowsChanges) {
  const auto feed = std::make_shared<Feed>(Endpoints{});
  Balancer balancer(feed, "http");
  EXPECT_EQ(balancer.pick().size(), 0U);
  feed->publish({{"b", "127.0.0.1", 82, {}}, {"a", "127.0.0.1", 81, {}}, {"c", "127.0.0.1", 83, {}}});
  std::vector<int> ports;
  for (int i = 0; i < 4; ++i) ports.push_back(balancer.pick().at(0).port);
  EXPECT_THAT(ports, ::testing::ElementsAre(81, 82, 83, 81));
  const auto choice = balancer.pick();
  EXPECT_EQ(choice.at(0).port, 82);
  EXPECT_EQ(choice.at(1).port, 83);
  EXPECT_EQ(choice.at(2).port, 81);
  feed->publish({{"c", "127.0.0.1", 83, {}}});
  EXPECT_EQ(balancer.pick().at(0).port, 83);
  EXPECT_EQ(choice.size(), 3U) << "a choice once made stays as it is";
}

TEST(Balancer, InstancesOnOneSocketAreOnePlace) {
  const Endpoints shared{{"a", "127.0.0.1", 80, {}}, {"a.2", "127.0.0.1", 80, {}}, {"a.3", "127.0.0.1", 81, {}}};
  EXPECT_EQ(addresses(shared, "http"), "127.0.0.1:80,127.0.0.1:81");
  Balancer balancer(std::make_shared<Feed>(shared), "http");
  EXPECT_EQ(balancer.pick().size(), 2U);
}

TEST(Balancer, LeavesOutWhoHasNoSuchPort) {
  Balancer balancer(std::make_shared<Feed>(Endpoints{{"a", "127.0.0.1", 80, {}}}), "grpc");
  EXPECT_EQ(balancer.pick().size(), 0U);
}

}  // namespace
}  // namespace chassis::discovery
