#pragma once
// Asks user-service over gRPC.

#include "services/order/ports/user_directory.hpp"
#include "services/user/proto/client.hpp"

namespace order_service::adapters {

class RpcUserDirectory final : public ports::UserDirectory {
 public:
  explicit RpcUserDirectory(user_service::client::Users& users) : users_(users) {}

  base::Task<base::Result<bool>> knows(const chassis::CallContext& context, std::string user_id) override {
    const auto user = co_await users_.get(context, std::move(user_id));
    if (user) co_return true;
    if (user.error().code == base::ErrorCode::not_found) co_return false;
    co_return user.error();
  }

 private:
  user_service::client::Users& users_;
};

}  // namespace order_service::adapters
