#pragma once
// Applying migrations, each in a transaction of its own together with its row in schema_migrations, so that two
// processes that start at once apply each one once. Internal to db/sqlite.

#include <vector>

#include "services/chassis/db/sqlite/connection.hpp"

namespace chassis::db {

// `wall` is the time written to `applied_at`. Errors: as Databases::open says; internal too when the versions given
// are not 1, 2, 3 …
base::Result<void> migrate(Connection& connection, const std::vector<Migration>& migrations, base::Wall wall);

}  // namespace chassis::db
