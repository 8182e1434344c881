#pragma once
// REST and gRPC of payment-service, one line a route.

#include "services/chassis/api/api.hpp"
#include "services/payment/app/payments.hpp"

namespace payment_service::adapters {

// `payments` lives as long as `api`.
void add_routes(chassis::Api& api, app::Payments& payments);

}  // namespace payment_service::adapters
