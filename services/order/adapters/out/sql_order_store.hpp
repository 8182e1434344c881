#pragma once
// Orders in SQL, with their events in the outbox.

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/event_schema/event_schema.hpp"
#include "services/order/ports/order_store.hpp"

namespace order_service::adapters {

class SqlOrderStore final : public ports::OrderStore {
 public:
  // `service` names the event's source. `committed` is called after each commit that left an event in the outbox.
  SqlOrderStore(chassis::db::Database& database, const base::Clock& clock, base::Random& random, std::string service,
                const chassis::EventSchemas& schemas, std::function<void()> committed)
      : database_(database),
        clock_(clock),
        random_(random),
        service_(std::move(service)),
        schemas_(schemas),
        committed_(std::move(committed)) {}

  base::Task<base::Result<void>> place(const chassis::CallContext& context, domain::Order order) override;
  base::Task<base::Result<std::optional<domain::Order>>> find(const chassis::CallContext& context,
                                                              std::string id) override;
  base::Task<base::Result<std::vector<domain::Order>>> list(const chassis::CallContext& context, std::string user_id,
                                                            std::string before, int limit) override;

 private:
  chassis::db::Database& database_;
  const base::Clock& clock_;
  base::Random& random_;
  std::string service_;
  const chassis::EventSchemas& schemas_;
  std::function<void()> committed_;
};

}  // namespace order_service::adapters
