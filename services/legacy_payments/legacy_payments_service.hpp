#pragma once
// legacy-payments: a sandbox of a payment provider as there were many, a process of its own with a journal of its own.
// It speaks forms and codes, in German, over HTTP, and shares nothing with the other services: no JSON, no problems, no
// health routes. Whoever books a reference twice has booked twice.

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/env/environment.hpp"

namespace legacy_payments {

// Runs until shutdown is requested. Errors: what keeps it from starting.
base::Task<base::Result<void>> run(chassis::Environment& env);

}  // namespace legacy_payments
