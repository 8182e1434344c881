#pragma once
// The journal in SQLite. Bookings and searches take turns in one writer, each reading the clock in its turn: so what a
// search does not find can only be booked by a clock that is later.

#include "base/clock.hpp"
#include "services/chassis/db/database.hpp"
#include "services/legacy_payments/ports/journal.hpp"

namespace legacy_payments::adapters {

class SqlJournal final : public ports::Journal {
 public:
  SqlJournal(chassis::db::Database& database, const base::Clock& clock) : database_(database), clock_(clock) {}

  base::Task<base::Result<ports::Booked>> book(base::Monotonic deadline, domain::Wanted wanted) override;
  base::Task<base::Result<ports::Listing>> find(base::Monotonic deadline, std::string reference) override;
  base::Task<base::Result<ports::Listing>> list(base::Monotonic deadline, std::int64_t from,
                                                std::int64_t limit) override;
  base::Task<base::Result<void>> ping(base::Monotonic deadline) override { return database_.ping(deadline); }

 private:
  chassis::db::Database& database_;
  const base::Clock& clock_;
};

}  // namespace legacy_payments::adapters
