#pragma once
// catalog-service: what is sold, at which price, and how much of it there is. Owns SKUs, their stock and what orders
// hold of it; sets the goods of paid orders aside, or gives them back, and tells of it by stock.reserved,
// stock.rejected and stock.released.

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/env/environment.hpp"

namespace catalog_service {

// Runs until shutdown is requested. Errors: what keeps it from starting.
base::Task<base::Result<void>> run(chassis::Environment& env);

}  // namespace catalog_service
