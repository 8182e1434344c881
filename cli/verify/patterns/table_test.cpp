#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "cli/verify/fake_world.hpp"
#include "cli/verify/patterns/patterns.hpp"

namespace verify {
namespace {

TEST(Table, HasAllPatternsOnce) {
  const auto all = all_checks();
  ASSERT_GE(all.size(), 22U);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].number, i < 22 ? static_cast<int>(i) + 1 : 0) << "what has no number stands at the end";
    EXPECT_FALSE(all[i].title.empty());
    EXPECT_TRUE(names.insert(all[i].name).second) << all[i].name;
    EXPECT_EQ(all[i].does.empty(), all[i].look == nullptr) << all[i].name;
  }
}

// A cluster without any of it: nothing passes, nothing fails, nothing is done to it.
TEST(Table, NothingPassesInAnEmptyCluster) {
  for (const auto& check : all_checks()) {
    testing::FakeWorld world;
    world.spec.root = std::filesystem::temp_directory_path() / "no-such-workspace";
    const auto outcome = perform(check, world);
    EXPECT_EQ(outcome.finding.status, Status::absent) << check.name << ": " << outcome.finding.evidence;
    EXPECT_TRUE(world.done.empty()) << check.name;
  }
}

}  // namespace
}  // namespace verify
