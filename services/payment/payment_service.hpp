#pragma once
// payment-service: charges orders and pays them back. Owns the payments; tells of them by payment.authorized,
// payment.declined and payment.refunded.

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/env/environment.hpp"

namespace payment_service {

// Runs until shutdown is requested. Errors: what keeps it from starting.
base::Task<base::Result<void>> run(chassis::Environment& env);

}  // namespace payment_service
