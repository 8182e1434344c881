#pragma once
// What every driver of discovery that learns must do: a GoogleTest suite to be instantiated over each of them. The type
// parameter is constructible from a Config; `discovery()` is the driver, `set(service, endpoints)` is what the world is
// like from then on, `settle()` lets the news arrive.

#include <gtest/gtest.h>

#include "services/chassis/discovery/balancer.hpp"

namespace chassis::discovery {

template <class Harness>
class DiscoveryContract : public ::testing::Test {
 protected:
  static Config config() {
    Config config;
    config.name = config.instance = "caller";
    config.version = "1";
    config.calls["user"] = {"127.0.0.1:9081"};
    config.discovery = {DiscoveryDriver::consul, "127.0.0.1:8500"};
    return config;
  }
  static Endpoint instance(const std::string& id, std::uint16_t port) {
    return {id, "127.0.0.1", port, {{"port_grpc", std::to_string(port + 1000)}}};
  }
  static std::string grpc(const Feed& feed) { return addresses(*feed.endpoints(), "grpc"); }

  Harness harness_{config()};
};

TYPED_TEST_SUITE_P(DiscoveryContract);

TYPED_TEST_P(DiscoveryContract, KnowsTheConfiguredAddressUntilItKnowsBetter) {
  const auto feed = this->harness_.discovery().follow("user");
  EXPECT_EQ(this->grpc(*feed), "127.0.0.1:9081");
  this->harness_.settle();
  EXPECT_EQ(this->grpc(*feed), "127.0.0.1:9081") << "nobody has registered";
  this->harness_.set("user", {this->instance("user", 8001), this->instance("user.2", 8002)});
  this->harness_.settle();
  EXPECT_EQ(this->grpc(*feed), "127.0.0.1:9001,127.0.0.1:9002");
  this->harness_.set("user", {});
  this->harness_.settle();
  EXPECT_EQ(this->grpc(*feed), "127.0.0.1:9081");
}

TYPED_TEST_P(DiscoveryContract, KnowsWhoWasThereBefore) {
  this->harness_.set("user", {this->instance("user", 8001)});
  const auto feed = this->harness_.discovery().follow("user");
  this->harness_.settle();
  ASSERT_EQ(feed->endpoints()->size(), 1U);
  EXPECT_EQ(feed->endpoints()->front(), this->instance("user", 8001));
}

TYPED_TEST_P(DiscoveryContract, KnowsNothingOfAServiceThatNobodyKnows) {
  const auto feed = this->harness_.discovery().follow("nobody");
  this->harness_.settle();
  EXPECT_TRUE(feed->endpoints()->empty());
}

TYPED_TEST_P(DiscoveryContract, TellsOfAChangeOnce) {
  const auto feed = this->harness_.discovery().follow("user");
  this->harness_.settle();
  int told = 0;
  feed->on_change([&] { ++told; });
  this->harness_.set("other", {this->instance("other", 8001)});
  this->harness_.settle();
  EXPECT_EQ(told, 0);
  this->harness_.set("user", {this->instance("user", 8001)});
  this->harness_.settle();
  EXPECT_EQ(told, 1);
  this->harness_.set("user", {this->instance("user", 8001)});
  this->harness_.settle();
  EXPECT_EQ(told, 1);
}

TYPED_TEST_P(DiscoveryContract, AListOnceTakenStaysAsItIs) {
  const auto feed = this->harness_.discovery().follow("user");
  this->harness_.settle();
  const auto before = feed->endpoints();
  this->harness_.set("user", {this->instance("user", 8001)});
  this->harness_.settle();
  EXPECT_EQ(addresses(*before, "grpc"), "127.0.0.1:9081");
}

REGISTER_TYPED_TEST_SUITE_P(DiscoveryContract, KnowsTheConfiguredAddressUntilItKnowsBetter, KnowsWhoWasThereBefore,
                            KnowsNothingOfAServiceThatNobodyKnows, TellsOfAChangeOnce, AListOnceTakenStaysAsItIs);

}  // namespace chassis::discovery
