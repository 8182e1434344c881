#pragma once
// What catalog-service does when it hears of orders.

#include "services/catalog/app/reservations.hpp"
#include "services/chassis/consumer/consumer.hpp"

namespace catalog_service::adapters {

// `reservations` lives as long as `consumer`.
void add_handlers(chassis::Consumer& consumer, app::Reservations& reservations);

}  // namespace catalog_service::adapters
