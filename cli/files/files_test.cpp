#include "cli/files/files.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace files {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  Files() {
    char pattern[] = "/tmp/msctl-files-XXXXXX";
    root = ::mkdtemp(pattern);
  }
  ~Files() override { fs::remove_all(root); }
  std::string text(const std::string& path) const {
    std::ostringstream out;
    out << std::ifstream(root / path).rdbuf();
    return out.str();
  }
  void put(const std::string& path, const std::string& content) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << content;
  }
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::distance(fs::recursive_directory_iterator(root), fs::recursive_directory_iterator()));
  }
  fs::path root;
};

TEST_F(Files, says_what_it_would_do_and_does_it) {
  put("same", "1");
  put("other", "1");
  put("gone/deep/x", "1");
  const Tree tree{{"same", {"1"}}, {"other", {"2"}}, {"new/deep/file", {"3", true}}};
  const auto steps = compare(root, tree, {"gone/deep/x", "never/there"}).value();
  std::string told;
  for (const auto& step : steps) told += std::string(word(step.change)) + " " + step.path + "\n";
  EXPECT_EQ(told, "REMOVE gone/deep/x\nCREATE new/deep/file\nUPDATE other\nIDENTICAL same\n");
  ASSERT_TRUE(write(root, tree, {"gone/deep/x", "never/there"}));
  EXPECT_EQ(text("other"), "2");
  EXPECT_EQ(text("new/deep/file"), "3");
  EXPECT_EQ(::access((root / "new/deep/file").c_str(), X_OK), 0);
  EXPECT_FALSE(fs::exists(root / "gone"));
  EXPECT_EQ(count(), 5U);
}

TEST_F(Files, a_failure_leaves_everything_as_it_was) {
  put("a", "1");
  put("z/sub/x", "1");
  // A folder of that name cannot be replaced by a file.
  EXPECT_FALSE(write(root, {{"a", {"2"}}, {"new/b", {"2"}}, {"z/sub", {"2"}}}));
  EXPECT_EQ(text("a"), "1");
  EXPECT_FALSE(fs::exists(root / "new"));
  EXPECT_EQ(count(), 4U);
}

TEST_F(Files, a_disk_failure_half_way_is_undone) {
  put("a", "1");
  put("closed/x", "1");
  // Whoever is root may write anywhere; but a folder is in nobody's way to be written to.
  put(".z.msctl-new/x", "1");
  const auto late = write(root, {{"a", {"2"}}, {"m/b", {"2"}}, {"z", {"2"}}});
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().message.find("nothing was changed"), std::string::npos) << late.error().message;
  EXPECT_EQ(text("a"), "1");
  EXPECT_FALSE(fs::exists(root / "m"));
  EXPECT_EQ(count(), 5U);
}

TEST_F(Files, a_file_below_a_file_is_refused_before_anything_is_written) {
  const auto both = write(root, {{"new/a", {"1"}}, {"new/a.b", {"1"}}, {"new/a/b", {"1"}}});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, base::ErrorCode::invalid);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Files, nothing_of_the_write_is_left_beside_the_files) {
  put("a", "1");
  put("b", "1");
  put(".a.msctl-old", "of one that was killed");
  ASSERT_TRUE(write(root, {{"a", {"2"}}}, {"b"}));
  EXPECT_EQ(text("a"), "2");
  EXPECT_EQ(count(), 1U);
}

TEST_F(Files, what_was_closed_to_others_stays_closed) {
  put("a", "1");
  fs::permissions(root / "a", fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(write(root, {{"a", {"2"}}}));
  EXPECT_EQ(fs::status(root / "a").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Files, never_leaves_the_root) {
  for (const std::string path :
       {"../x", "a/../../x", "/etc/x", "", "a//b", "./a", "a/.", "a\\b", "a\nb", "a/", ".git/HEAD", "a/.GIT/config"}) {
    EXPECT_FALSE(check_path(path)) << path;
    EXPECT_FALSE(write(root, {{path, {"x"}}})) << path;
  }
  EXPECT_FALSE(check_path(std::string("a\0b", 3)));
  EXPECT_EQ(count(), 0U);
}

TEST_F(Files, writes_through_no_link) {
  const fs::path outside = root / "outside";
  const fs::path inside = root / "inside";
  fs::create_directories(outside);
  fs::create_directories(inside);
  fs::create_directory_symlink(outside, inside / "folder");
  fs::create_symlink(outside / "file", inside / "link");
  EXPECT_FALSE(write(inside, {{"folder/x", {"x"}}}));
  EXPECT_FALSE(write(inside, {{"link", {"x"}}}));
  EXPECT_FALSE(write(inside, {}, {"link"}));
  EXPECT_TRUE(fs::is_empty(outside));
  EXPECT_FALSE(read_tree(inside));
}

TEST_F(Files, identical_files_are_not_touched) {
  put("a", "1");
  const auto before = fs::last_write_time(root / "a");
  ASSERT_TRUE(write(root, {{"a", {"1"}}}));
  EXPECT_EQ(fs::last_write_time(root / "a"), before);
}

TEST_F(Files, reads_what_it_wrote) {
  const Tree tree{{"a", {"1"}}, {"b/c", {std::string("\0\xff", 2), true}}};
  ASSERT_TRUE(write(root, tree));
  put(".git/config", "x");
  const auto read = read_tree(root).value();
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read.at("b/c").content, tree.at("b/c").content);
  EXPECT_TRUE(read.at("b/c").executable);
}

TEST(Diff, is_unified_with_names) {
  const File before{"1\n2\n"};
  const File after{"1\n3\n"};
  EXPECT_EQ(unified_diff("x/y", &before, &after).value(), "--- a/x/y\n+++ b/x/y\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n");
  EXPECT_EQ(unified_diff("x", &before, &before).value(), "");
  EXPECT_EQ(unified_diff("x", nullptr, &after).value(), "--- /dev/null\n+++ b/x\n@@ -0,0 +1,2 @@\n+1\n+3\n");
}

TEST(Merge, joins_what_does_not_meet_and_marks_what_does) {
  const std::string base = "1\n2\n3\n4\n5\n";
  const auto joined = merge("0\n2\n3\n4\n5\n", base, "1\n2\n3\n4\n6\n", "yours", "template");
  ASSERT_TRUE(joined) << joined.error().message;  // it asks git
  const auto& clean = joined.value();
  EXPECT_EQ(clean.conflicts, 0);
  EXPECT_EQ(clean.text, "0\n2\n3\n4\n6\n");
  const auto marked = merge("1\nA\n3\n4\n5\n", base, "1\nB\n3\n4\n5\n", "yours", "template").value();
  EXPECT_EQ(marked.conflicts, 1);
  EXPECT_NE(marked.text.find("<<<<<<< yours\nA\n=======\nB\n>>>>>>> template\n"), std::string::npos) << marked.text;
  EXPECT_FALSE(merge(std::string("a\0b", 3), std::string("a\0c", 3), std::string("a\0d", 3), "a", "b"));
}

}  // namespace
}  // namespace files
