#include "services/user/proto/client.hpp"

namespace user_service::client {
namespace {

class RpcUsers final : public Users {
 public:
  explicit RpcUsers(chassis::ServiceClient service) : service_(std::move(service)) {}

  base::Task<base::Result<user::v1::User>> get(const chassis::CallContext& context, std::string id) override {
    user::v1::GetUserRequest request;
    request.set_id(std::move(id));
    co_return co_await service_.unary<user::v1::User>("/user.v1.UserService/GetUser", context, request);
  }

  base::Task<base::Result<void>> ping(base::Monotonic deadline) override { return service_.ping(deadline); }

 private:
  chassis::ServiceClient service_;
};

}  // namespace

base::Result<std::unique_ptr<Users>> connect(chassis::Environment& env) {
  TRY(auto service, chassis::ServiceClient::connect(env, "user-service"));
  return std::unique_ptr<Users>(std::make_unique<RpcUsers>(std::move(service)));
}

}  // namespace user_service::client
