#pragma once
// Where payments are kept, as use cases see them. Each change is durable when it returns, together with the events that
// follow from it and with the ledger's entry of the work that `context` belongs to. Thread-safe.
// Errors of all: unavailable, timeout.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/payment/domain/payment.hpp"

namespace payment_service::ports {

struct PageOf {
  std::string order_id;  // empty: of all orders
  std::string after;     // id of the last payment of the page before
  int limit = 0;
};

class PaymentStore {
 public:
  using Payment = domain::Payment;

  virtual ~PaymentStore() = default;
  // Keeps it, due at once. Errors: conflict when its order has a payment.
  virtual base::Task<base::Result<void>> create(const chassis::CallContext& context, Payment payment) = 0;
  // The same for an order of which there may be one already, or a tombstone: then nothing is changed.
  virtual base::Task<base::Result<void>> ensure(const chassis::CallContext& context, Payment payment) = 0;
  // Asks to pay back what was charged. Errors: not_found; conflict when it was declined.
  virtual base::Task<base::Result<Payment>> refund(const chassis::CallContext& context, std::string id) = 0;
  // The same for an order; each request is answered by payment.refunded, now or later. `tombstone` is kept when the
  // order has no payment.
  virtual base::Task<base::Result<void>> refund_order(const chassis::CallContext& context, Payment tombstone) = 0;
  virtual base::Task<base::Result<std::optional<Payment>>> find(const chassis::CallContext& context,
                                                                std::string id) = 0;
  // Oldest first.
  virtual base::Task<base::Result<std::vector<Payment>>> list(const chassis::CallContext& context, PageOf page) = 0;
};

}  // namespace payment_service::ports
