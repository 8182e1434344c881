#include "cli/assets/assets.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace assets {
namespace {

namespace fs = std::filesystem;

TEST(Shelf, a_file_of_the_workspace_comes_before_ours) {
  char pattern[] = "/tmp/msctl-assets-XXXXXX";
  const fs::path root = ::mkdtemp(pattern);
  fs::create_directories(root / "mine/words");
  fs::create_directories(root / "data/words/sub");
  std::ofstream(root / "mine/words/a") << "mine";
  std::ofstream(root / "data/words/a") << "data";
  std::ofstream(root / "data/words/sub/b") << "data";
  ::setenv("MSCTL_DATA", (root / "data").c_str(), 1);
  const auto words = shelf("words", root / "mine").value();
  EXPECT_EQ(find(words, "a").value(), fs::canonical(root / "mine/words/a"));
  EXPECT_EQ(find(words, "sub/b").value(), fs::canonical(root / "data/words/sub/b"));
  EXPECT_EQ(find(words, "c").error().code, base::ErrorCode::not_found);
  EXPECT_EQ(list(words), (std::vector<std::string>{"a", "sub"}));
  EXPECT_EQ(list(words, "sub"), (std::vector<std::string>{"b"}));
  EXPECT_FALSE(shelf("no-such-words", root / "mine"));
  ::unsetenv("MSCTL_DATA");
  EXPECT_FALSE(find(shelf("words", root / "mine").value(), "sub/b"));
  fs::remove_all(root);
}

}  // namespace
}  // namespace assets
