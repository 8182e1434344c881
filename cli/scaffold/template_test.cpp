#include "cli/scaffold/template.hpp"

#include <gtest/gtest.h>

namespace scaffold {
namespace {

constexpr const char* manifest = R"(name: mine
version: "1"
description: One
kind: service
parameters:
  - {name: events, help: Which, list: true}
  - {name: title, help: What, default: Plain}
files:
  - {path: "services/*/db/**", when: database}
  - {path: "services/*/plain", when: "!database"}
  - {path: "**/each-*", each: events}
)";

base::Result<files::Tree> no_lender(const std::string& name) {
  return base::fail(base::ErrorCode::not_found, "no " + name);
}

base::Json data() {
  return base::Json{{"name", "web"}, {"stem", "web"}, {"database", true}, {"title", "A"}, {"events", {"x", "y"}}};
}

std::string error_of(const files::Tree& folder) {
  const auto made = parse_template(folder, "here", no_lender);
  return made ? "" : made.error().message;
}

TEST(Template, makes_what_its_rules_say) {
  const files::Tree folder{{"template.yaml", {manifest}},
                           {"README.md", {"not a file of it"}},
                           {"files/services/{{stem}}/db/deep/a.sql.mustache", {"-- {{title}}\n", true}},
                           {"files/services/{{stem}}/plain", {"x"}},
                           {"files/services/{{stem}}/raw", {"{{x"}},
                           {"files/services/{{stem}}/each-{{item}}.mustache", {"{{item}} of {{title}}"}}};
  const auto made = parse_template(folder, "here", no_lender).value();
  auto tree = render_files(made, data()).value();
  EXPECT_EQ(tree.size(), 4U);
  EXPECT_EQ(tree.at("services/web/db/deep/a.sql").content, "-- A\n");
  EXPECT_TRUE(tree.at("services/web/db/deep/a.sql").executable);
  EXPECT_EQ(tree.at("services/web/raw").content, "{{x");
  EXPECT_EQ(tree.at("services/web/each-x").content, "x of A");
  EXPECT_EQ(tree.at("services/web/each-y").content, "y of A");
  base::Json other = data();
  other["database"] = false;
  other["events"] = base::Json::array();
  tree = render_files(made, other).value();
  EXPECT_EQ(tree.size(), 2U);
  EXPECT_TRUE(tree.contains("services/web/plain"));
}

TEST(Template, stays_where_its_kind_may_write) {
  for (const char* path :
       {"files/other/{{stem}}/x", "files/services/{{stem}}x", "files/services/gateway/x", "files/.git/hooks/x",
        "files/msctl.yaml", "files/services/{{stem}}/../x", "files/services/{{stem}}/{{title}}",
        "files/docs/services/gateway.md", "files/services/{{stem}}/.msctl-answers.json"}) {
    const auto made = parse_template({{"template.yaml", {manifest}}, {path, {"x"}}}, "here", no_lender);
    ASSERT_TRUE(made) << path << made.error().message;
    base::Json answers = data();
    answers["title"] = "..";
    EXPECT_FALSE(render_files(made.value(), answers)) << path;
  }
}

TEST(Template, makes_no_file_twice) {
  const auto made = parse_template(
      {{"template.yaml", {manifest}}, {"files/services/{{stem}}/a", {"x"}}, {"files/services/web/a", {"y"}}}, "here",
      no_lender);
  EXPECT_NE(render_files(made.value(), data()).error().message.find("twice"), std::string::npos);
}

TEST(Template, borrows_what_it_does_not_have) {
  const std::string text = std::string(manifest) + "borrows: [{from: other, path: \"**/b*\"}]\n";
  const auto lend = [](const std::string& name) -> base::Result<files::Tree> {
    EXPECT_EQ(name, "other");
    return files::Tree{{"template.yaml", {""}},
                       {"files/services/x/b1", {"lent"}},
                       {"files/services/x/b2", {"lent"}},
                       {"files/services/x/c", {"lent"}}};
  };
  const auto made = parse_template({{"template.yaml", {text}}, {"files/services/x/b2", {"own"}}}, "here", lend).value();
  EXPECT_EQ(made.files.size(), 2U);
  EXPECT_EQ(made.files.at("services/x/b1").content, "lent");
  EXPECT_EQ(made.files.at("services/x/b2").content, "own");
  EXPECT_EQ(error_of({{"template.yaml", {text}}, {"files/x", {"x"}}}), "no other");
}

TEST(Template, mistakes_are_named_with_their_line) {
  EXPECT_NE(error_of({}).find("is no template"), std::string::npos);
  EXPECT_NE(error_of({{"template.yaml", {manifest}}}).find("has no files"), std::string::npos);
  const auto with = [](const std::string& more) {
    return error_of({{"template.yaml", {manifest + more}}, {"files/services/{{stem}}/x", {"x"}}});
  };
  EXPECT_EQ(with(""), "");
  EXPECT_TRUE(with("surprise: 1\n").starts_with("template.yaml:12: ")) << with("surprise: 1\n");
  EXPECT_TRUE(with("with: [A]\n").starts_with("template.yaml:12: "));
  EXPECT_NE(with("next: ['{{nothing}}']\n").find("there is no variable \"nothing\""), std::string::npos);
  EXPECT_NE(error_of({{"template.yaml", {manifest}}, {"files/a.mustache", {"1\n{{nothing}}"}}})
                .find("files/a.mustache:2: there is no variable"),
            std::string::npos);
}

TEST(Glob, stays_within_names_but_for_two_stars) {
  EXPECT_TRUE(glob_matches("services/*/a", "services/{{stem}}/a"));
  EXPECT_FALSE(glob_matches("services/*", "services/x/a"));
  EXPECT_TRUE(glob_matches("services/**", "services/x/a"));
  EXPECT_TRUE(glob_matches("**/a", "a"));
  EXPECT_TRUE(glob_matches("**/a", "x/y/a"));
  EXPECT_FALSE(glob_matches("**/a", "x/ya"));
  EXPECT_TRUE(glob_matches("?b*", "ab"));
  EXPECT_FALSE(glob_matches("a?b", "a/b"));
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(200, 'a')));
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "a/";
  EXPECT_FALSE(glob_matches("**/**/**/**/**/**/**/**/**/**/**/**/b", deep + "x"));
}

}  // namespace
}  // namespace scaffold
