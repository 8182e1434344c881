#pragma once
// REST and gRPC of user-service, one line a route.

#include "services/chassis/api/api.hpp"
#include "services/user/app/users.hpp"

namespace user_service::adapters {

// `users` lives as long as `api`.
void add_routes(chassis::Api& api, app::Users& users);

}  // namespace user_service::adapters
