#pragma once
// Where it is kept what orders hold of the stock. Thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/catalog/domain/reservation.hpp"
#include "services/chassis/call/context.hpp"

namespace catalog_service::ports {

class ReservationStore {
 public:
  virtual ~ReservationStore() = default;
  // Rules on the order by domain::on_paid() and keeps in one transaction what follows: the events of the stock, the
  // reservation and the event that others are told. `items` is one a SKU. Errors: unavailable, timeout.
  virtual base::Task<base::Result<void>> reserve(const chassis::CallContext& context, std::string order_id,
                                                 std::vector<domain::Item> items, std::string at) = 0;
  // The same by domain::on_release().
  virtual base::Task<base::Result<void>> release(const chassis::CallContext& context, std::string order_id,
                                                 std::string at) = 0;
  virtual base::Task<base::Result<std::optional<domain::Reservation>>> find(const chassis::CallContext& context,
                                                                            std::string order_id) = 0;
  // By order, at most `limit`, only those behind `after` when it is not empty.
  virtual base::Task<base::Result<std::vector<domain::Reservation>>> list(const chassis::CallContext& context,
                                                                          std::string after, int limit) = 0;
};

}  // namespace catalog_service::ports
