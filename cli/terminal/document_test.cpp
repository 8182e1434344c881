#include "cli/terminal/document.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace cli {
namespace {

TEST(Document, yaml_keeps_types) {
  const base::Json value = base::Json::array({{{"name", "no"}, {"pid", nullptr}, {"ports", {{"http", 80}}}}});
  const std::string text = format_document(value, Format::yaml);
  const YAML::Node read = YAML::Load(text);
  EXPECT_EQ(read[0]["name"].as<std::string>(), "no");
  EXPECT_NE(text.find("\"no\""), std::string::npos);
  EXPECT_TRUE(read[0]["pid"].IsNull());
  EXPECT_EQ(read[0]["ports"]["http"].as<int>(), 80);
}

TEST(Document, empty_list_is_one) {
  EXPECT_EQ(format_document(base::Json::array(), Format::yaml), "[]\n");
  EXPECT_EQ(format_document(base::Json::array(), Format::json), "[]\n");
}

}  // namespace
}  // namespace cli
