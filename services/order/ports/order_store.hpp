#pragma once
// Where orders are kept, each with the saga that leads it to its end. Thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/order/domain/order.hpp"

namespace order_service::ports {

// What another service said of its part in an order.
// What was charged, in minor units.
struct Charge {
  std::int64_t amount_cents = 0;
  std::string currency;
};

struct Answer {
  std::string order_id;
  std::string event;                  // payment.declined
  std::string reason;                 // of a refusal, as the order will have it
  std::string detail;                 // for people
  std::optional<Charge> charge = {};  // of payment.authorized
};

class OrderStore {
 public:
  virtual ~OrderStore() = default;
  // Keeps the order and, in the same transaction, begins its saga with the event that it was placed. Durable when it
  // succeeds; the event is published some time after. Errors: unavailable, timeout.
  virtual base::Task<base::Result<void>> place(const chassis::CallContext& context, domain::Order order) = 0;
  // What the answer leads to. One that comes too late, twice or for an order that is not there changes nothing. A
  // charge of another amount than the order's, or one that is paid back though nobody asked, cancels the order.
  // Errors: unavailable, timeout.
  virtual base::Task<base::Result<void>> hear(const chassis::CallContext& context, Answer answer) = 0;
  // Begins to undo what was done for it; of one that is cancelled, or being so, nothing changes. The order afterwards;
  // empty when there is none. Errors: conflict (it is confirmed), unavailable, timeout.
  virtual base::Task<base::Result<std::optional<domain::Order>>> cancel(const chassis::CallContext& context,
                                                                        std::string id, std::string reason) = 0;
  virtual base::Task<base::Result<std::optional<domain::Order>>> find(const chassis::CallContext& context,
                                                                      std::string id) = 0;
  // Newest first, at most `limit`, only those older than the order `before` when it is not empty; of everybody when
  // `user_id` is empty.
  virtual base::Task<base::Result<std::vector<domain::Order>>> list(const chassis::CallContext& context,
                                                                    std::string user_id, std::string before,
                                                                    int limit) = 0;
};

}  // namespace order_service::ports
