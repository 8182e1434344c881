#pragma once
// REST and gRPC of order-service, one line a route.

#include "services/chassis/api/api.hpp"
#include "services/order/app/orders.hpp"

namespace order_service::adapters {

// `orders` lives as long as `api`.
void add_routes(chassis::Api& api, app::Orders& orders);

}  // namespace order_service::adapters
