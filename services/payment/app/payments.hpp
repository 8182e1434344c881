#pragma once
// The use cases of payment-service that others ask for. None of them waits for the provider. Thread-safe.

#include "base/clock.hpp"
#include "base/page.hpp"
#include "base/random.hpp"
#include "services/payment/ports/payment_store.hpp"

namespace payment_service::app {

using Page = base::Page<domain::Payment>;

struct PageRequest {
  std::string order_id;  // empty: of all orders
  int size = 0;          // 0: the default
  std::string token;     // empty: the first page
};

class Payments {
 public:
  Payments(const base::Clock& clock, base::Random& random, ports::PaymentStore& store)
      : clock_(clock), random_(random), store_(store) {}

  // Errors: invalid (with fields), conflict (the order has a payment), unavailable.
  base::Task<base::Result<domain::Payment>> create(chassis::CallContext context, domain::NewPayment wanted);
  // Errors: not_found, unavailable.
  base::Task<base::Result<domain::Payment>> get(chassis::CallContext context, std::string id);
  // Errors: invalid (size out of range), malformed (a token that was not ours), unavailable.
  base::Task<base::Result<Page>> list(chassis::CallContext context, PageRequest wanted);
  // Errors: not_found, conflict (it was declined), unavailable.
  base::Task<base::Result<domain::Payment>> refund(chassis::CallContext context, std::string id);

  // An order was placed: its payment is kept, unless there is one, or its refund was asked for before.
  // Errors: invalid, unavailable.
  base::Task<base::Result<void>> order_placed(chassis::CallContext context, domain::NewPayment wanted);
  // What was charged for an order, or still would be, is to be paid back. Errors: invalid, unavailable.
  base::Task<base::Result<void>> refund_requested(chassis::CallContext context, std::string order_id);

 private:
  domain::Payment made(domain::NewPayment wanted) const;

  const base::Clock& clock_;
  base::Random& random_;
  ports::PaymentStore& store_;
};

}  // namespace payment_service::app
