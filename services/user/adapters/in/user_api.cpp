#include "services/user/adapters/in/user_api.hpp"

#include "services/user/proto/user.pb.h"

namespace user_service::adapters {
namespace {

using user::v1::CreateUserRequest;
using user::v1::GetUserRequest;
using user::v1::User;

User to_message(const domain::User& user) {
  User message;
  message.set_id(user.id);
  message.set_email(user.email);
  message.set_name(user.name);
  message.set_created_at(user.created_at);
  return message;
}

base::Task<base::Result<User>> create(app::Users& users, chassis::CallContext context, CreateUserRequest request) {
  domain::NewUser wanted{request.email(), request.name(), request.password()};
  CO_TRY(const auto user, co_await users.create(std::move(context), std::move(wanted)));
  co_return to_message(user);
}

base::Task<base::Result<User>> get(app::Users& users, chassis::CallContext context, GetUserRequest request) {
  CO_TRY(const auto user, co_await users.get(std::move(context), request.id()));
  co_return to_message(user);
}

}  // namespace

void add_routes(chassis::Api& api, app::Users& users) {
  api.route("POST /v1/users", "CreateUser", users, create, chassis::created("/v1/users/{id}"),
            {"Signs a user up", {"email", "name", "password"}});
  api.route("GET /v1/users/{id}", "GetUser", users, get, {}, {"One user"});
}

}  // namespace user_service::adapters
