#include "services/payment/adapters/out/sql_job_store.hpp"

namespace payment_service::adapters {

namespace db = chassis::db;

using base::Result;
using base::Wall;
using ports::Job;
using ports::Taken;

namespace {

constexpr std::int64_t count_limit = 100'000;  // a gauge need not be exact beyond

std::int64_t ms_of(Wall time) { return time.time_since_epoch().count(); }
Wall wall_of(std::int64_t ms) { return Wall(std::chrono::milliseconds(ms)); }

std::optional<Wall> first_time(const db::Row& row, std::size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return wall_of(row.integer(column));
}

}  // namespace

Job SqlJobStore::job_of(const Kept& kept) const {
  Job job;
  job.payment = kept.payment;
  job.context.trace = chassis::continue_trace(kept.traceparent, kept.tracestate, random_);
  job.context.request_id = kept.request_id;
  job.lease = kept.lease;
  if (kept.attempt_until > 0) job.attempt_until = wall_of(kept.attempt_until);
  job.tries = kept.tries;
  return job;
}

base::Task<Result<Taken>> SqlJobStore::take(base::Monotonic deadline, ports::Take take) {
  std::function<Result<Taken>(db::Transaction&)> work = [this,
                                                         take = std::move(take)](db::Transaction& tx) -> Result<Taken> {
    TRY(const auto found,
        tx.exec("UPDATE payments SET lease = $1, due_at = $2 WHERE id IN"
                " (SELECT id FROM payments WHERE due_at > 0 AND due_at <= $3 ORDER BY due_at LIMIT $4)"
                " RETURNING " +
                    PaymentTable::columns(),
                {take.lease, ms_of(take.lease_until), table_.now_ms(), take.limit}));
    Taken taken;
    for (const auto& row : found.rows) taken.jobs.push_back(job_of(PaymentTable::read(row)));
    TRY(const auto next, tx.exec("SELECT min(due_at) FROM payments WHERE due_at > 0"));
    taken.next_due = first_time(next.rows.at(0), 0);
    return taken;
  };
  co_return co_await database_.write(deadline, std::move(work));
}

base::Task<Result<bool>> SqlJobStore::change(const Job& job, std::string sql, std::vector<db::Value> parameters) {
  std::function<Result<bool>(db::Transaction&)> work =
      [sql = std::move(sql), parameters = std::move(parameters)](db::Transaction& tx) -> Result<bool> {
    TRY(const auto done, tx.exec(sql, std::span<const db::Value>(parameters)));
    return done.changed == 1;
  };
  co_return co_await database_.write(job.context.deadline, std::move(work));
}

base::Task<Result<bool>> SqlJobStore::begin(const Job& job, Wall attempt_until) {
  std::vector<db::Value> values{job.payment.id, job.lease, std::string(domain::name_of(job.payment.status)),
                                ms_of(attempt_until)};
  std::string sql = "UPDATE payments SET attempt_until = $4 WHERE id = $1 AND lease = $2 AND status = $3";
  co_return co_await change(job, std::move(sql), std::move(values));
}

base::Task<Result<bool>> SqlJobStore::settle(const Job& job, domain::Input input, std::string reason) {
  std::function<Result<bool>(db::Transaction&)> work =
      [this, id = job.payment.id, lease = job.lease, context = job.context, input,
       reason = std::move(reason)](db::Transaction& tx) -> Result<bool> {
    TRY(auto found, PaymentTable::find(tx, "id", id));
    if (!found || found->lease != lease) return false;
    TRY(table_.apply(tx, std::move(*found), input, reason, context));
    return true;
  };
  CO_TRY(const bool done, co_await database_.write(job.context.deadline, std::move(work)));
  committed_();
  co_return done;
}

base::Task<Result<bool>> SqlJobStore::postpone(const Job& job, Wall due, bool is_certain) {
  std::vector<db::Value> values{job.payment.id, job.lease, ms_of(due)};
  std::string sql = "UPDATE payments SET due_at = $3, lease = '', tries = tries + 1" +
                    std::string(is_certain ? ", attempt_until = 0" : "") + " WHERE id = $1 AND lease = $2";
  co_return co_await change(job, std::move(sql), std::move(values));
}

base::Task<Result<void>> SqlJobStore::bring_forward(base::Monotonic deadline, Wall latest) {
  db::Work work = [latest = ms_of(latest)](db::Transaction& tx) -> Result<void> {
    TRY(tx.exec("UPDATE payments SET due_at = $1 WHERE due_at > $1", {latest}));
    return base::success();
  };
  co_return co_await database_.write(deadline, std::move(work));
}

base::Task<Result<ports::Backlog>> SqlJobStore::backlog(base::Monotonic deadline) {
  std::function<Result<ports::Backlog>(db::Transaction&)> work = [](db::Transaction& tx) -> Result<ports::Backlog> {
    TRY(const auto found, tx.exec("SELECT count(*), min(waits_since) FROM"
                                  " (SELECT waits_since FROM payments WHERE due_at > 0 ORDER BY waits_since LIMIT $1)"
                                  " AS few",
                                  {count_limit}));
    const auto& row = found.rows.at(0);
    return ports::Backlog{row.integer(0), first_time(row, 1)};
  };
  co_return co_await database_.read(deadline, std::move(work));
}

}  // namespace payment_service::adapters
