#pragma once
// Reservations as rows. Pure SQL in the transaction of the caller.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/catalog/domain/reservation.hpp"
#include "services/chassis/db/database.hpp"

namespace catalog_service::adapters {

base::Result<std::optional<domain::Reservation>> find_reservation(chassis::db::Transaction& tx,
                                                                  const std::string& order_id);
// By order, at most `limit`, only those behind `after`.
base::Result<std::vector<domain::Reservation>> list_reservations(chassis::db::Transaction& tx, const std::string& after,
                                                                 std::int64_t limit);
base::Result<void> write_reservation(chassis::db::Transaction& tx, const domain::Reservation& reservation);

}  // namespace catalog_service::adapters
