#pragma once
// The same table as a queue of work for the provider.

#include <functional>

#include "services/chassis/db/database.hpp"
#include "services/payment/adapters/out/payment_table.hpp"
#include "services/payment/ports/job_store.hpp"

namespace payment_service::adapters {

class SqlJobStore final : public ports::JobStore {
 public:
  // `committed` is called after each commit that may have left an event in the outbox.
  SqlJobStore(chassis::db::Database& database, const PaymentTable& table, base::Random& random,
              std::function<void()> committed)
      : database_(database), table_(table), random_(random), committed_(std::move(committed)) {}

  base::Task<base::Result<ports::Taken>> take(base::Monotonic deadline, ports::Take take) override;
  base::Task<base::Result<bool>> begin(const ports::Job& job, base::Wall attempt_until) override;
  base::Task<base::Result<bool>> settle(const ports::Job& job, domain::Input input, std::string reason) override;
  base::Task<base::Result<bool>> postpone(const ports::Job& job, base::Wall due, bool is_certain) override;
  base::Task<base::Result<void>> bring_forward(base::Monotonic deadline, base::Wall latest) override;
  base::Task<base::Result<ports::Backlog>> backlog(base::Monotonic deadline) override;

 private:
  base::Task<base::Result<bool>> change(const ports::Job& job, std::string sql,
                                        std::vector<chassis::db::Value> parameters);
  ports::Job job_of(const Kept& kept) const;

  chassis::db::Database& database_;
  const PaymentTable& table_;
  base::Random& random_;
  std::function<void()> committed_;
};

}  // namespace payment_service::adapters
