#include "cli/scaffold/cluster_edit.hpp"

#include <gtest/gtest.h>

namespace scaffold {
namespace {

std::string added(const std::string& text) {
  const auto made = add_service(text, "billing", "services/billing");
  return made ? made.value() : "error: " + made.error().message;
}

TEST(AddService, keeps_comments_and_layout) {
  EXPECT_EQ(
      added("# a\nversion: 1\nservices:\n  # web\n  web: {path: services/web}  # here\n\n  # next\n\ncommands: {}\n"),
      "# a\nversion: 1\nservices:\n  # web\n  web: {path: services/web}  # here\n"
      "  billing: {path: services/billing}\n\n  # next\n\ncommands: {}\n");
}

TEST(AddService, takes_the_indentation_of_the_others) {
  EXPECT_EQ(added("services:\n    web:\n        path: x\n"),
            "services:\n    web:\n        path: x\n    billing: {path: services/billing}\n");
}

TEST(AddService, goes_before_the_next_key_wherever_that_is) {
  EXPECT_EQ(added("services:\n  web: {path: x}\nname: shop\n"),
            "services:\n  web: {path: x}\n  billing: {path: services/billing}\nname: shop\n");
  EXPECT_EQ(added("try_this: [x]\nservices:\n  web: {path: x}"),
            "try_this: [x]\nservices:\n  web: {path: x}\n  billing: {path: services/billing}\n");
}

TEST(AddService, begins_the_map) {
  EXPECT_EQ(added("services: {}\n"), "services:\n  billing: {path: services/billing}\n");
  EXPECT_EQ(added("services:\nname: x\n"), "services:\n  billing: {path: services/billing}\nname: x\n");
  EXPECT_EQ(added("name: x\n"), "name: x\nservices:\n  billing: {path: services/billing}\n");
  EXPECT_EQ(added(""), "services:\n  billing: {path: services/billing}\n");
}

TEST(AddService, writes_flow_style_as_it_is) {
  EXPECT_EQ(added("services: {web: {path: x}}\n"), "services: {web: {path: x}, billing: {path: services/billing}}\n");
  EXPECT_EQ(added("services: {\n  web: {path: x},\n}\nname: y\n"),
            "services: {\n  web: {path: x}, billing: {path: services/billing}\n}\nname: y\n");
}

TEST(AddService, keeps_windows_line_ends) {
  EXPECT_EQ(added("services:\r\n  web: {path: x}\r\n"),
            "services:\r\n  web: {path: x}\r\n  billing: {path: services/billing}\r\n");
}

TEST(AddService, is_not_led_astray_by_texts) {
  EXPECT_EQ(added("services:\n  web:\n    command:\n      - |\n        a\n        # b\nname: x\n"),
            "services:\n  web:\n    command:\n      - |\n        a\n        # b\n  billing: {path: "
            "services/billing}\nname: x\n");
}

TEST(AddService, refuses_rather_than_guesses) {
  EXPECT_NE(added("services:\n  billing: {path: y}\n").find("has a service billing already"), std::string::npos);
  EXPECT_NE(added("{\"services\": {\"web\": {\"path\": \"x\"}}, \"name\": \"y\"}\n").find("by guess"),
            std::string::npos);
  EXPECT_NE(added("services:\n  web: {path: x}\n...\n").find("error"), std::string::npos);
  EXPECT_NE(added("- a\n").find("is no map"), std::string::npos);
  EXPECT_NE(added("services: [\n").find("error: msctl.yaml:"), std::string::npos);
  EXPECT_NE(added("services: a\n").find("error"), std::string::npos);
}

TEST(AddPostgres, names_it_and_adds_what_runs_it) {
  const auto made = add_postgres("# a\nname: shop\nservices:\n  # web\n  web: {path: services/web}\n\ntry_this: [x]\n");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made.value().starts_with("# a\nname: shop\npostgres: postgres\nservices:\n  # web\n")) << made.value();
  EXPECT_NE(made.value().find("\n  postgres: {command: [\"${dir:bin}/msctl-postgres\", serve, "), std::string::npos);
  EXPECT_TRUE(made.value().ends_with("}\n\ntry_this: [x]\n")) << made.value();
  EXPECT_EQ(add_postgres(made.value()).value(), made.value());
}

TEST(AddPostgres, begins_the_map_and_keeps_flow_style_and_line_ends) {
  EXPECT_TRUE(add_postgres("").value().starts_with("postgres: postgres\nservices:\n  postgres: {command"));
  EXPECT_TRUE(add_postgres("services: {web: {path: x}}\n").value().starts_with("postgres: postgres\nservices: {web"));
  EXPECT_TRUE(add_postgres("services:\r\n  web: {path: x}\r\n").value().starts_with("postgres: postgres\r\nservices:"));
}

TEST(AddPostgres, refuses_rather_than_guesses) {
  const auto refused = [](const std::string& text) {
    const auto made = add_postgres(text);
    return made ? made.value() : "error: " + made.error().message;
  };
  EXPECT_NE(refused("services:\n  postgres: {path: y}\n").find("add the line: postgres: postgres"), std::string::npos);
  EXPECT_NE(refused("{\"services\": {\"web\": {\"path\": \"x\"}}, \"name\": \"y\"}\n").find("by guess"),
            std::string::npos);
  EXPECT_NE(refused("- a\n").find("is no map"), std::string::npos);
}

}  // namespace
}  // namespace scaffold
