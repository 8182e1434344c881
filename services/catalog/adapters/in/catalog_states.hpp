#pragma once
// The provider states that catalog-service can be brought into, for contracts of its consumers.

#include "base/clock.hpp"
#include "base/random.hpp"
#include "services/catalog/app/reservations.hpp"
#include "services/catalog/app/skus.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/states/states.hpp"

namespace catalog_service::adapters {

struct StateParts {
  chassis::db::Database& database;
  app::Skus& skus;
  app::Reservations& reservations;
  const base::Clock& clock;
  base::Random& random;
};

// Everything is lent; every parameter has a default.
//
// "a sku exists"                       sku, title, price_cents, currency, available (at least that much) → sku
// "no such sku", "no sku exists"       sku, which must be one that never had stock: what happened is never removed
// "stock is reserved"                  order_id, sku, quantity: as for a paid order → order_id, sku
// "stock is rejected"                  order_id, sku: as for a paid order of a SKU that is not sold → order_id, sku
// "stock is released"                  order_id, sku, quantity: reserved and given back → order_id, sku
// "no such reservation"                order_id → order_id
void add_states(chassis::States& states, const StateParts& parts);

}  // namespace catalog_service::adapters
