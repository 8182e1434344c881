#pragma once
// Where orders are kept. Thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/order/domain/order.hpp"

namespace order_service::ports {

class OrderStore {
 public:
  virtual ~OrderStore() = default;
  // Keeps the order and, in the same transaction, the event that it was placed. Durable when it succeeds; the event is
  // published some time after. Errors: unavailable, timeout.
  virtual base::Task<base::Result<void>> place(const chassis::CallContext& context, domain::Order order) = 0;
  virtual base::Task<base::Result<std::optional<domain::Order>>> find(const chassis::CallContext& context,
                                                                      std::string id) = 0;
  // Newest first, at most `limit`, only those older than the order `before` when it is not empty.
  virtual base::Task<base::Result<std::vector<domain::Order>>> list(const chassis::CallContext& context,
                                                                    std::string user_id, std::string before,
                                                                    int limit) = 0;
};

}  // namespace order_service::ports
