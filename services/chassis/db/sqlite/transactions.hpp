#pragma once
// Running jobs in transactions on a connection: the part that the threaded and the inline database share.
// Internal to db/sqlite.

#include <vector>

#include "base/clock.hpp"
#include "services/chassis/db/job_queue.hpp"
#include "services/chassis/db/sqlite/connection.hpp"

namespace chassis::db {

// Group commit. With the write transaction open, runs each job inside a savepoint of its own, commits once, and only
// then gives each job its answer. A job that fails leaves no trace and harms no other; a commit that fails fails all.
void run_writes(Connection& connection, std::vector<Job> jobs, base::Monotonic now);

// Runs one job on a read-only snapshot.
void run_read(Connection& connection, Job job, base::Monotonic now);

}  // namespace chassis::db
