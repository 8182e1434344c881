#pragma once
// Payments in SQL, with their events in the outbox.

#include <functional>

#include "services/chassis/db/database.hpp"
#include "services/payment/adapters/out/payment_table.hpp"
#include "services/payment/ports/payment_store.hpp"

namespace payment_service::adapters {

class SqlPaymentStore final : public ports::PaymentStore {
 public:
  // `committed` is called after each commit that may have left an event in the outbox or work for the provider.
  SqlPaymentStore(chassis::db::Database& database, const PaymentTable& table, std::function<void()> committed)
      : database_(database), table_(table), committed_(std::move(committed)) {}

  base::Task<base::Result<void>> create(const chassis::CallContext& context, Payment payment) override;
  base::Task<base::Result<void>> ensure(const chassis::CallContext& context, Payment payment) override;
  base::Task<base::Result<Payment>> refund(const chassis::CallContext& context, std::string id) override;
  base::Task<base::Result<void>> refund_order(const chassis::CallContext& context, Payment tombstone) override;
  base::Task<base::Result<std::optional<Payment>>> find(const chassis::CallContext& context, std::string id) override;
  base::Task<base::Result<std::vector<Payment>>> list(const chassis::CallContext& context, ports::PageOf page) override;

 private:
  base::Task<base::Result<void>> write(const chassis::CallContext& context, chassis::db::Work work);

  chassis::db::Database& database_;
  const PaymentTable& table_;
  std::function<void()> committed_;
};

}  // namespace payment_service::adapters
