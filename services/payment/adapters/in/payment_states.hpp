#pragma once
// The provider states that payment-service can be brought into, for contracts of its consumers. None of them asks the
// payment provider.

#include "services/chassis/db/database.hpp"
#include "services/chassis/states/states.hpp"
#include "services/payment/ports/job_store.hpp"

namespace payment_service::adapters {

struct StateParts {
  chassis::db::Database& database;
  ports::JobStore& jobs;
};

// Everything is lent; every parameter has a default. All take id, order_id, amount_cents and currency, and give id and
// order_id.
//
// "a payment exists"                       also status, reason and created_at
// "no such payment", "no payment exists"
// "a payment is authorized"                publishes payment.authorized
// "a payment is declined"                  also reason; publishes payment.declined
// "a payment is refunded"                  publishes payment.refunded
void add_states(chassis::States& states, const StateParts& parts);

}  // namespace payment_service::adapters
