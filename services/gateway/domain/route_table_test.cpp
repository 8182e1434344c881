#include "services/gateway/domain/route_table.hpp"

#include <gtest/gtest.h>

namespace gateway_service::domain {
namespace {

RouteTable table() {
  return RouteTable(
      {{"/api/users", "/v1/users", "user-service", 0}, {"/api/users/admin", "/admin", "admin-service", 1}});
}

TEST(RouteTable, TakesTheLongestPrefixAtASegmentBorder) {
  const auto routes = table();
  EXPECT_EQ(routes.find("/api/users")->service, "user-service");
  EXPECT_EQ(routes.find("/api/users/1")->service, "user-service");
  EXPECT_EQ(routes.find("/api/users/admin/1")->service, "admin-service");
  EXPECT_EQ(routes.find("/api/users/administrator")->service, "user-service");
  EXPECT_EQ(routes.find("/api/usersX"), nullptr);
  EXPECT_EQ(routes.find("/api"), nullptr);
  EXPECT_EQ(routes.find(""), nullptr);
}

TEST(Rewrite, ReplacesThePrefixAndKeepsTheQuery) {
  const auto routes = table();
  const auto& route = *routes.find("/api/users");
  EXPECT_EQ(rewrite(route, "/api/users/1?a=/api/users"), "/v1/users/1?a=/api/users");
  EXPECT_EQ(rewrite(route, "/api/users"), "/v1/users");
}

TEST(PublicLocation, IsTheReverse) {
  const auto routes = table();
  const auto& route = *routes.find("/api/users");
  EXPECT_EQ(public_location(route, "/v1/users/1"), "/api/users/1");
  EXPECT_EQ(public_location(route, "/v1/usersX"), std::nullopt);
  EXPECT_EQ(public_location(route, "http://elsewhere/"), std::nullopt);
}

TEST(IsAmbiguous, SeesEverySpellingOfADotSegment) {
  for (const char* odd :
       {"/a/../b", "/a/./b", "/a/..", "/a/%2e%2e/b", "/a/.%2E/b", "/a/%2e", "/a%2fb", "/a%5Cb", "/a\\b", "/a%00"}) {
    EXPECT_TRUE(is_ambiguous(odd)) << odd;
  }
  for (const char* fine : {"/", "/a.b/c..d/...", "/a/%41", "/.well-known/x"}) EXPECT_FALSE(is_ambiguous(fine)) << fine;
}

}  // namespace
}  // namespace gateway_service::domain
