#include "services/chassis/db/sqlite/transactions.hpp"

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Result;

Result<void> run_job(Connection& connection, const Work& work) {
  TRY(guarded(work, connection));
  if (!connection.in_transaction()) return try_later("database: the transaction has ended early");
  if (connection.has_deferred_violations()) {
    return base::fail(ErrorCode::conflict, "database: FOREIGN KEY constraint failed");
  }
  return base::success();
}

// For a savepoint SQLite keeps a copy of each page that changes, so nobody has one who needs to undo nothing but all.
Result<void> run_alone(Connection& connection, const Work& work) {
  auto result = run_job(connection, work);
  if (!result && connection.in_transaction()) connection.rollback();
  return result;
}

Result<void> run_in_savepoint(Connection& connection, const Work& work) {
  TRY(connection.exec("SAVEPOINT job"));
  auto result = run_job(connection, work);
  if (!connection.in_transaction()) return result;
  if (!result) {
    TRY(connection.exec("ROLLBACK TO job"));
  }
  TRY(connection.exec("RELEASE job"));
  return result;
}

}  // namespace

void run_writes(Connection& connection, std::vector<Job> jobs, base::Monotonic now) {
  std::vector<Result<void>> results;
  results.reserve(jobs.size());
  for (const auto& job : jobs) {
    if (!connection.in_transaction()) {
      results.emplace_back(try_later("database: a shared transaction was rolled back"));
    } else if (job.deadline <= now) {
      results.emplace_back(too_late());
    } else {
      results.push_back(jobs.size() == 1 ? run_alone(connection, job.work) : run_in_savepoint(connection, job.work));
    }
  }
  auto committed = connection.in_transaction()
                       ? connection.commit()
                       : Result<void>(try_later("database: a shared transaction was rolled back"));
  connection.recover();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const bool lost = results[i] && !committed;
    jobs[i].done(lost ? Result<void>(try_later(committed.error().message)) : std::move(results[i]));
  }
}

void run_read(Connection& connection, Job job, base::Monotonic now) {
  if (job.deadline <= now) return job.done(too_late());
  auto opened = connection.ensure_open();
  auto result = opened ? connection.begin("BEGIN") : std::move(opened);
  if (result) result = guarded(job.work, connection);
  connection.recover();  // ends the transaction; nothing was written
  job.done(std::move(result));
}

}  // namespace chassis::db
