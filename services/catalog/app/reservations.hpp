#pragma once
// The use cases about what orders hold. Thread-safe.

#include "base/clock.hpp"
#include "base/page.hpp"
#include "services/catalog/ports/reservation_store.hpp"

namespace catalog_service::app {

class Reservations {
 public:
  Reservations(const base::Clock& clock, ports::ReservationStore& store) : clock_(clock), store_(store) {}

  // Sets the goods of a paid order aside, all or none, and tells of it. Errors: invalid (no such order can be),
  // unavailable, timeout.
  base::Task<base::Result<void>> reserve(chassis::CallContext context, std::string order_id,
                                         std::vector<domain::Item> items);
  // Gives them back, or leaves a mark so that they never are set aside, and tells of it. Errors: as above.
  base::Task<base::Result<void>> release(chassis::CallContext context, std::string order_id);
  // Errors: not_found, unavailable.
  base::Task<base::Result<domain::Reservation>> get(chassis::CallContext context, std::string order_id);
  // Errors: invalid, malformed, unavailable.
  base::Task<base::Result<base::Page<domain::Reservation>>> list(chassis::CallContext context,
                                                                 base::PageRequest wanted);

 private:
  const base::Clock& clock_;
  ports::ReservationStore& store_;
};

}  // namespace catalog_service::app
