#pragma once
// REST and gRPC of catalog-service, one line a route.

#include "services/catalog/app/reservations.hpp"
#include "services/catalog/app/skus.hpp"
#include "services/chassis/api/api.hpp"

namespace catalog_service::adapters {

// `skus` and `reservations` live as long as `api`.
void add_routes(chassis::Api& api, app::Skus& skus, app::Reservations& reservations);

}  // namespace catalog_service::adapters
