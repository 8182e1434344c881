#include "base/page.hpp"

#include <gtest/gtest.h>

#include "base/ids.hpp"

namespace base {
namespace {

struct Item {
  std::string id;
};

TEST(Page, OneItemMoreThanAskedForMakesTheNextPage) {
  const auto cut = page_cut({2, ""}).value();
  EXPECT_EQ(cut.after, "");
  const auto page = page_of(std::vector<Item>{{"a"}, {"b"}, {"c"}}, cut, &Item::id);
  ASSERT_EQ(page.items.size(), 2U);
  const auto next = page_cut({2, page.next_token}).value();
  EXPECT_EQ(next.after, "b");
  EXPECT_EQ(page_of(std::vector<Item>{{"c"}, {"d"}}, next, &Item::id).next_token, "") << "the last page may be full";
}

TEST(Page, SizesAreFromOneToAHundredAndTwentyWhenAbsent) {
  EXPECT_EQ(page_size(0).value(), 20);
  EXPECT_EQ(page_size(100).value(), 100);
  for (const int wrong : {-1, 101}) {
    const auto refused = page_size(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
    EXPECT_EQ(refused.error().message, "page_size: must be from 1 to 100");
    EXPECT_EQ(refused.error().fields.at(0).field, "page_size");
  }
}

TEST(Page, ATokenOfSomebodyElseIsRefused) {
  for (const char* wrong : {"x", "1", "1.", "2.b", "1.b"}) {
    const auto refused = page_cut({0, wrong}, is_uuid);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, ErrorCode::malformed);
    EXPECT_EQ(refused.error().message, "page_token: is not one that this service gave");
  }
  EXPECT_FALSE(page_cut({0, "1."}));
  EXPECT_TRUE(page_cut({0, "1.b"}));
}

}  // namespace
}  // namespace base
