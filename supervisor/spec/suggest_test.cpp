#include "supervisor/spec/suggest.hpp"

#include <gtest/gtest.h>

namespace spec {
namespace {

TEST(Suggest, SlipsOfThePen) {
  const std::vector<std::string> known{"command", "ports", "probes", "env"};
  EXPECT_EQ(nearest("comand", known), "command");
  EXPECT_EQ(nearest("commnad", known), "command");
  EXPECT_EQ(nearest("port", known), "ports");
  EXPECT_EQ(nearest("evn", known), "env");
  EXPECT_EQ(nearest("Command", known), "command");
}

TEST(Suggest, NothingNear) {
  EXPECT_EQ(nearest("image", {"command", "ports"}), "");
  EXPECT_EQ(nearest("", {"command"}), "");
  EXPECT_EQ(nearest("command", {}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'c'), {"command"}), "");
}

}  // namespace
}  // namespace spec
