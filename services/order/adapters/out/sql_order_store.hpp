#pragma once
// Orders in SQL, with their sagas, their events in the outbox and the ledger, all in one transaction.

#include <string>

#include "services/chassis/db/database.hpp"
#include "services/chassis/saga/saga.hpp"
#include "services/order/ports/order_store.hpp"

namespace order_service::adapters {

class SqlOrderStore final : public ports::OrderStore {
 public:
  // Both are lent.
  SqlOrderStore(chassis::db::Database& database, chassis::Saga& saga) : database_(database), saga_(saga) {}

  base::Task<base::Result<void>> place(const chassis::CallContext& context, domain::Order order) override;
  base::Task<base::Result<void>> hear(const chassis::CallContext& context, ports::Answer answer) override;
  base::Task<base::Result<std::optional<domain::Order>>> cancel(const chassis::CallContext& context, std::string id,
                                                                std::string reason) override;
  base::Task<base::Result<std::optional<domain::Order>>> find(const chassis::CallContext& context,
                                                              std::string id) override;
  base::Task<base::Result<std::vector<domain::Order>>> list(const chassis::CallContext& context, std::string user_id,
                                                            std::string before, int limit) override;

 private:
  chassis::db::Database& database_;
  chassis::Saga& saga_;
};

}  // namespace order_service::adapters
