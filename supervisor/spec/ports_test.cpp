#include <gmock/gmock.h>

#include <set>

#include "supervisor/spec/cluster.hpp"

namespace spec {
namespace {

TEST(Ports, FreeOnesAreDifferentAndFixedOnesStay) {
  Cluster cluster;
  for (int i = 0; i < 50; ++i) cluster.services["s" + std::to_string(i)].ports = {{"a", 0}, {"b", 0}};
  cluster.services["fixed"].ports = {{"http", 8080}};
  ASSERT_TRUE(assign_free_ports(cluster));
  std::set<std::uint16_t> numbers;
  for (const auto& [name, service] : cluster.services) {
    for (const auto& [port_name, number] : service.ports) numbers.insert(number);
  }
  EXPECT_EQ(numbers.size(), 101U);
  EXPECT_FALSE(numbers.contains(0));
  EXPECT_EQ(cluster.services["fixed"].ports["http"], 8080);
}

}  // namespace
}  // namespace spec
