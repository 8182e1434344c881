#pragma once
// user-service for the tests of its callers: knows the ids it was given, or fails as it was told.

#include <optional>
#include <set>
#include <string>

#include "services/user/proto/client.hpp"

namespace user_service::client {

class FakeUsers final : public Users {
 public:
  base::Task<base::Result<user::v1::User>> get(const chassis::CallContext& /*context*/, std::string id) override {
    if (failure) co_return *failure;
    if (!known.contains(id)) co_return base::fail(base::ErrorCode::not_found, "there is no user " + id);
    user::v1::User user;
    user.set_id(id);
    co_return user;
  }
  base::Task<base::Result<void>> ping(base::Monotonic /*deadline*/) override {
    if (failure) co_return *failure;
    co_return base::success();
  }

  std::set<std::string> known;
  std::optional<base::Error> failure;
};

}  // namespace user_service::client
