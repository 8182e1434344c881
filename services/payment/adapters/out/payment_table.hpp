#pragma once
// The table of payments, inside a transaction: rows, and the one way in which a payment changes its state, with the
// event that others hear. Thread-safe; what is lent outlives it.

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/event_schema/event_schema.hpp"
#include "services/payment/domain/payment.hpp"

namespace payment_service::adapters {

// A row. Times are Unix milliseconds, 0 is never.
struct Kept {
  domain::Payment payment;
  std::string traceparent;
  std::string tracestate;
  std::string request_id;
  std::int64_t waits_since = 0;
  std::int64_t due_at = 0;
  std::string lease;
  std::int64_t attempt_until = 0;
  std::int64_t tries = 0;
};

class PaymentTable {
 public:
  // `service` names the events' source.
  PaymentTable(const base::Clock& clock, base::Random& random, std::string service,
               const chassis::EventSchemas& schemas)
      : clock_(clock), random_(random), service_(std::move(service)), schemas_(schemas) {}

  // Due at once when there is something to do. False: its order has a payment.
  base::Result<bool> insert(chassis::db::Transaction& tx, const domain::Payment& payment,
                            const chassis::CallContext& context) const;
  // `column` is id or order_id.
  static base::Result<std::optional<Kept>> find(chassis::db::Transaction& tx, const std::string& column,
                                                const std::string& value);
  // What the domain makes of the input, kept and told. `reason` is of a decline. Returns the payment as it is then.
  base::Result<domain::Payment> apply(chassis::db::Transaction& tx, Kept kept, domain::Input input,
                                      const std::string& reason, const chassis::CallContext& context) const;
  // The same for a request to refund, which is in doubt while an attempt is.
  base::Result<domain::Payment> ask_refund(chassis::db::Transaction& tx, Kept kept,
                                           const chassis::CallContext& context) const;

  base::Result<void> tell(chassis::db::Transaction& tx, const domain::Payment& payment, domain::Tell tell,
                          const chassis::CallContext& context) const;

  static const std::string& columns();
  static Kept read(const chassis::db::Row& row);
  std::int64_t now_ms() const;

 private:
  void enter(Kept& kept, domain::Status next) const;

  const base::Clock& clock_;
  base::Random& random_;
  std::string service_;
  const chassis::EventSchemas& schemas_;
};

}  // namespace payment_service::adapters
