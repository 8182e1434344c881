#pragma once
// Applying migrations, each in a transaction of its own together with its row in schema_migrations. An advisory lock
// makes instances that start at once go one after the other. Internal to db/postgres.

#include <vector>

#include "services/chassis/db/postgres/connection.hpp"

namespace chassis::db {

// Errors: as Databases::open says; unavailable when the lock was not had before the deadline.
base::Result<void> migrate(PgConnection& connection, const std::vector<Migration>& migrations, base::Wall wall,
                           base::Monotonic deadline);

}  // namespace chassis::db
