#include "cli/watch/inputs.hpp"

#include <gtest/gtest.h>

namespace watch {
namespace {

TEST(Glob, stars_stay_within_a_name_and_double_stars_cross_folders) {
  EXPECT_TRUE(glob_matches("*.cpp", "a.cpp"));
  EXPECT_FALSE(glob_matches("*.cpp", "b/a.cpp"));
  EXPECT_TRUE(glob_matches("**/*.cpp", "a.cpp"));
  EXPECT_TRUE(glob_matches("**/*.cpp", "b/c/a.cpp"));
  EXPECT_FALSE(glob_matches("**/*.cpp", "b/c/a.hpp"));
  EXPECT_TRUE(glob_matches("**", "anything/at/all"));
  EXPECT_TRUE(glob_matches("src/**/test/*.c", "src/test/x.c"));
  EXPECT_TRUE(glob_matches("src/**/test/*.c", "src/test/y/test/x.c"));
  EXPECT_FALSE(glob_matches("src/**/test/*.c", "src/test/y/x.c"));
  EXPECT_TRUE(glob_matches("a/**", "a/b"));
  EXPECT_FALSE(glob_matches("a/**/b", "a/c"));
}

TEST(Glob, knows_question_marks_and_sets) {
  EXPECT_TRUE(glob_matches("a?c", "abc"));
  EXPECT_FALSE(glob_matches("a?c", "ac"));
  EXPECT_TRUE(glob_matches("[a-c]x", "bx"));
  EXPECT_FALSE(glob_matches("[!a-c]x", "bx"));
  EXPECT_TRUE(glob_matches("[!a-c]x", "dx"));
  EXPECT_TRUE(glob_matches("[", "["));
  EXPECT_FALSE(glob_matches("[a", "a"));
  EXPECT_TRUE(glob_matches("*a*b*", "xaxxbx"));
  EXPECT_FALSE(glob_matches("*a*b", "xaxxbx"));
}

// Backtracking matchers take years for this.
TEST(Glob, is_not_slow_on_many_stars) {
  std::string glob;
  std::string path;
  for (int i = 0; i < 40; ++i) {
    glob += "**/*a*a*b/";
    path += "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/";
  }
  EXPECT_FALSE(glob_matches(glob + "x", path + "y"));
}

TEST(Pattern, without_a_wildcard_is_a_file_or_all_below_a_folder) {
  const Pattern pattern("/c", "lib/common", false);
  EXPECT_TRUE(pattern.matches("/c/lib/common"));
  EXPECT_TRUE(pattern.matches("/c/lib/common/deep/x.hpp"));
  EXPECT_FALSE(pattern.matches("/c/lib/commoner/x.hpp"));
  EXPECT_TRUE(pattern.may_match_below("/c"));
  EXPECT_TRUE(pattern.may_match_below("/c/lib/common/deep"));
  EXPECT_FALSE(pattern.may_match_below("/c/src"));
}

TEST(Pattern, may_lie_outside_of_the_cluster) {
  const Pattern pattern("/c/one", "../common/**/*.proto", false);
  EXPECT_EQ(pattern.base(), "/c/common");
  EXPECT_TRUE(pattern.matches("/c/common/a/b.proto"));
  EXPECT_FALSE(pattern.matches("/c/one/b.proto"));
}

TEST(Pattern, looks_no_deeper_than_it_has_to) {
  const Pattern pattern("/c", "src/*/main.cpp", false);
  EXPECT_TRUE(pattern.may_match_below("/c/src"));
  EXPECT_TRUE(pattern.may_match_below("/c/src/a"));
  EXPECT_FALSE(pattern.may_match_below("/c/src/a/b"));
}

TEST(Pattern, leaves_out_what_is_no_source) {
  const Pattern all("/c", "**", false);
  for (const char* file : {"/c/.git/index", "/c/.msctl/logs/a.log", "/c/build/x.cpp", "/c/x/node_modules/y.js",
                           "/c/.x.cpp.swp", "/c/x.cpp~", "/c/.#x.cpp", "/c/#x.cpp#", "/c/4913"}) {
    EXPECT_FALSE(all.matches(file)) << file;
  }
  EXPECT_TRUE(all.matches("/c/x.o"));
  const Pattern defaults("/c", "", true);
  EXPECT_FALSE(defaults.matches("/c/x.o"));
  EXPECT_FALSE(defaults.matches("/c/app.db-wal"));
  EXPECT_TRUE(defaults.matches("/c/x.cpp"));
}

// Only what lies below the part that was written out is judged by its name.
TEST(Pattern, a_folder_that_is_named_is_meant) {
  const Pattern generated("/c", "build/generated/*.json", false);
  EXPECT_TRUE(generated.matches("/c/build/generated/x.json"));
  const Pattern inside("/var/build/c", "**/*.cpp", false);
  EXPECT_TRUE(inside.matches("/var/build/c/x.cpp"));
}

TEST(InputsOf, are_the_globs_or_the_services_own_folder) {
  spec::Cluster cluster;
  cluster.root = "/c";
  auto& made = cluster.services["made"];
  made.folder = "/c/services/made";
  made.build = spec::Build{{"make"}, {"services/made/**/*.cpp", "lib"}};
  auto& plain = cluster.services["plain"];
  plain.folder = "/c/services/plain";
  plain.build = spec::Build{{"make"}, {}};
  cluster.services["unbuilt"].folder = "/c/services/unbuilt";
  const auto all = inputs_of(cluster, {});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].matches("/c/services/made/a/b.cpp"));
  EXPECT_TRUE(all[0].matches("/c/lib/x.hpp"));
  EXPECT_FALSE(all[0].matches("/c/services/made/README.md"));
  EXPECT_TRUE(all[1].matches("/c/services/plain/any.thing"));
  EXPECT_FALSE(all[1].matches("/c/services/made/a/b.cpp"));
  EXPECT_EQ(inputs_of(cluster, {"plain"}).size(), 1U);
}

}  // namespace
}  // namespace watch
