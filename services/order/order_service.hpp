#pragma once
// order-service: places, cancels and lists orders. Owns its orders and the saga of each (ADR 0024): what
// payment-service and catalog-service are to do, and what became of it, goes by events.

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/env/environment.hpp"

namespace order_service {

// Runs until shutdown is requested. Errors: what keeps it from starting.
base::Task<base::Result<void>> run(chassis::Environment& env);

}  // namespace order_service
