#pragma once
// What things cost. Thread-safe.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/order/domain/order.hpp"

namespace order_service::ports {

class PriceList {
 public:
  virtual ~PriceList() = default;
  // Of 1 to 100 SKUs. What is not sold is left out. Errors: unavailable or timeout when it cannot be known just now.
  virtual base::Task<base::Result<domain::Prices>> prices(const chassis::CallContext& context,
                                                          std::vector<std::string> skus) = 0;
};

}  // namespace order_service::ports
