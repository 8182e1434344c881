#pragma once
// Reservations in SQL: the stock's events, the reservation and the outbox's event in one transaction.

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "services/catalog/adapters/out/stock_database.hpp"
#include "services/catalog/ports/reservation_store.hpp"
#include "services/chassis/event_schema/event_schema.hpp"

namespace catalog_service::adapters {

class SqlReservationStore final : public ports::ReservationStore {
 public:
  // `service` names the source of its events. `committed` is called after each commit that left one in the outbox.
  SqlReservationStore(StockDatabase& database, const base::Clock& clock, base::Random& random, std::string service,
                      const chassis::EventSchemas& schemas, std::function<void()> committed)
      : database_(database),
        clock_(clock),
        random_(random),
        service_(std::move(service)),
        schemas_(schemas),
        committed_(std::move(committed)) {}

  base::Task<base::Result<void>> reserve(const chassis::CallContext& context, std::string order_id,
                                         std::vector<domain::Item> items, std::string at) override;
  base::Task<base::Result<void>> release(const chassis::CallContext& context, std::string order_id,
                                         std::string at) override;
  base::Task<base::Result<std::optional<domain::Reservation>>> find(const chassis::CallContext& context,
                                                                    std::string order_id) override;
  base::Task<base::Result<std::vector<domain::Reservation>>> list(const chassis::CallContext& context,
                                                                  std::string after, int limit) override;

 private:
  using Rule = std::function<base::Result<domain::Ruling>(chassis::db::Transaction&, StockRows&, domain::Stocks&)>;

  base::Task<base::Result<void>> settle(const chassis::CallContext& context, std::string order_id, std::string at,
                                        Rule rule);

  StockDatabase& database_;
  const base::Clock& clock_;
  base::Random& random_;
  std::string service_;
  const chassis::EventSchemas& schemas_;
  std::function<void()> committed_;
};

}  // namespace catalog_service::adapters
