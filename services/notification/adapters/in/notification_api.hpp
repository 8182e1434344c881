#pragma once
// REST and gRPC of notification-service, one line a route.

#include "services/chassis/api/api.hpp"
#include "services/notification/app/notices.hpp"

namespace notification_service::adapters {

// `notices` lives as long as `api`.
void add_routes(chassis::Api& api, app::Notices& notices);

}  // namespace notification_service::adapters
