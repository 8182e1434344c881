#include "cli/render/kubernetes_names.hpp"

#include <gtest/gtest.h>

namespace render {
namespace {

TEST(KubernetesNames, services_begin_with_a_letter) {
  EXPECT_TRUE(is_service_name("user-service"));
  EXPECT_TRUE(is_service_name(std::string(63, 'a')));
  for (const std::string name : {"", "1st", "123", "-a", "a-", "A", "a.b", "a_b"}) EXPECT_FALSE(is_service_name(name));
  EXPECT_FALSE(is_service_name(std::string(64, 'a')));
}

TEST(KubernetesNames, a_tag_becomes_a_label) {
  EXPECT_EQ(label_value("1.4.0-rc.1"), "1.4.0-rc.1");
  EXPECT_EQ(label_value("_x."), "x");
  EXPECT_EQ(label_value(std::string(62, 'a') + "-b"), std::string(62, 'a'));
  EXPECT_EQ(label_value("___"), "");
  EXPECT_EQ(label_value("1.0+build 5"), "1.0build5");
  for (const std::string text : {"", "_x.", "a b", "---"}) EXPECT_TRUE(is_label_value(label_value(text))) << text;
  EXPECT_TRUE(is_label_key("example.com/team"));
  EXPECT_FALSE(is_label_key("example.com/" + std::string(64, 'a')));
}

TEST(KubernetesNames, ports_are_short_and_different) {
  EXPECT_EQ(port_name("http"), "http");
  EXPECT_EQ(port_name("metrics-http-15"), "metrics-http-15");
  EXPECT_NE(port_name("management-http-a"), port_name("management-http-b"));
  for (const std::string name :
       {"management-http-a", "aaaaaaaaaaaaaa-b", "a--b", "1", "123456789012345678", "a---------b-c"}) {
    const auto made = port_name(name);
    EXPECT_LE(made.size(), 15U) << made;
    EXPECT_TRUE(is_service_name(made)) << made;
    EXPECT_EQ(made.find("--"), std::string::npos) << made;
  }
}

}  // namespace
}  // namespace render
