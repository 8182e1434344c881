#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Base64, IsThatOfRfc4648) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64("\xff\xfe"), "//4=");
}

TEST(Base64, GoesThereAndBack) {
  for (const auto& bytes : {std::string(), std::string("a"), std::string("ab"), std::string("abc"), std::string("abcd"),
                            std::string("\0\xff\x80", 3)}) {
    EXPECT_EQ(from_base64(to_base64(bytes)).value(), bytes);
  }
}

TEST(Base64, IsReadWithoutPaddingAndInTheAlphabetForUrls) {
  EXPECT_EQ(from_base64("YQ").value(), "a");
  EXPECT_EQ(from_base64("-_8").value(), from_base64("+/8=").value());
  EXPECT_EQ(from_base64("_-8").value(), from_base64("/+8=").value());
}

TEST(Base64, RefusesTheRest) {
  for (const auto* wrong : {"a", "a===", "!!", "ab=c", "Y", "Y=", "YQ=a", "Y Q=", "YQ===", "YQ\n==", "é"}) {
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace base
