#include "services/user/domain/user.hpp"

#include <gtest/gtest.h>

namespace user_service::domain {
namespace {

NewUser good() { return {"ann@example.com", "Ann", "correct horse"}; }

std::string broken_fields(const NewUser& user) {
  std::string fields;
  for (const auto& error : check(user)) fields += error.field + " ";
  return fields;
}

TEST(CheckUser, AcceptsAGoodOne) { EXPECT_EQ(broken_fields(good()), ""); }

class Email : public testing::TestWithParam<std::pair<std::string, bool>> {};

TEST_P(Email, Shape) {
  NewUser user = good();
  user.email = GetParam().first;
  EXPECT_EQ(broken_fields(user), GetParam().second ? "" : "email ");
}

INSTANTIATE_TEST_SUITE_P(All, Email,
                         testing::Values(std::pair{"a.b+c@sub.example.org", true}, std::pair{"", false},
                                         std::pair{"ann", false}, std::pair{"@example.com", false},
                                         std::pair{"ann@", false}, std::pair{"ann@example", false},
                                         std::pair{"ann@@example.com", false}, std::pair{"ann@exa mple.com", false},
                                         std::pair{"ann@-example.com", false}, std::pair{"ann@example..com", false},
                                         std::pair{".ann@example.com", false}, std::pair{"ann\r\n@example.com", false},
                                         std::pair{std::string(65, 'a') + "@example.com", false},
                                         std::pair{"a@" + std::string(250, 'b') + ".com", false}));

TEST(CheckUser, CountsCharactersNotBytes) {
  NewUser user = good();
  user.name = "";
  for (int i = 0; i < 200; ++i) user.name += "ä";
  EXPECT_EQ(broken_fields(user), "");
  user.name += "ä";
  EXPECT_EQ(broken_fields(user), "name ");
  user.password = "ääääääää";
  user.name = "Ann";
  EXPECT_EQ(broken_fields(user), "");
  user.password = "äääää";  // ten bytes, five characters
  EXPECT_EQ(broken_fields(user), "password ");
}

TEST(CheckUser, NamesEveryBrokenRule) { EXPECT_EQ(broken_fields({"x", "", "short"}), "email name password "); }

TEST(CheckUser, RefusesBlankAndControlNames) {
  NewUser user = good();
  user.name = "   ";
  EXPECT_EQ(broken_fields(user), "name ");
  user.name = "a\x1b[31m";
  EXPECT_EQ(broken_fields(user), "name ");
}

TEST(EmailKey, IgnoresAsciiCase) { EXPECT_EQ(email_key("Ann@Example.COM"), "ann@example.com"); }

}  // namespace
}  // namespace user_service::domain
