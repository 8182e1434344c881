#include "services/chassis/saga/store.hpp"

namespace chassis::saga {
namespace {

using base::Result;
using db::Transaction;
using db::Value;

constexpr std::string_view columns =
    "SELECT id, state, step, reason, started_at, updated_at, deadline, retries, traceparent, tracestate, request_id"
    " FROM saga_instance";

Value or_null(const std::optional<std::int64_t>& number) { return number ? Value(*number) : Value(); }

Result<Instance> instance_of(const db::Row& row) {
  const auto phase = phase_of(row.text(1));
  if (!phase) return base::fail(base::ErrorCode::internal, "a saga is in a state that is not known: " + row.text(1));
  Instance instance;
  instance.id = row.text(0);
  instance.state = {*phase, static_cast<std::size_t>(row.integer(2)), row.text(3)};
  instance.started_at = row.text(4);
  instance.updated_at = row.text(5);
  if (!row.is_null(6)) instance.deadline = row.integer(6);
  instance.retries = row.integer(7);
  instance.traceparent = row.text(8);
  instance.tracestate = row.text(9);
  instance.request_id = row.text(10);
  return instance;
}

// Counts without reading more rows than the limit.
Result<std::int64_t> count_some(Transaction& tx, const std::string& where, std::vector<Value> values) {
  const auto limit = std::to_string(count_limit);
  const auto sql =
      "SELECT count(*) FROM (SELECT 1 AS one FROM saga_instance WHERE " + where + " LIMIT " + limit + ") AS counted";
  TRY(const auto found, tx.exec(sql, values));
  return found.rows.at(0).integer(0);
}

}  // namespace

Moment moment_of(base::Wall wall) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch());
  return {base::to_rfc3339(wall), since.count()};
}

Result<void> add_instance(Transaction& tx, const std::string& kind, const Instance& instance) {
  TRY(tx.exec(
      "INSERT INTO saga_instance (id, kind, state, step, reason, started_at, updated_at, deadline, retries,"
      " traceparent, tracestate, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
      {instance.id, kind, std::string(name_of(instance.state.phase)), static_cast<std::int64_t>(instance.state.step),
       instance.state.reason, instance.started_at, instance.updated_at, or_null(instance.deadline), instance.retries,
       instance.traceparent, instance.tracestate, instance.request_id}));
  return base::success();
}

Result<std::optional<Instance>> find_instance(Transaction& tx, const std::string& kind, const std::string& id) {
  TRY(const auto found, tx.exec(std::string(columns) + " WHERE id = $1 AND kind = $2", {id, kind}));
  if (found.rows.empty()) return std::optional<Instance>();
  TRY(auto instance, instance_of(found.rows.front()));
  return std::optional<Instance>(std::move(instance));
}

Result<void> keep_instance(Transaction& tx, const Instance& instance, const Moment& now) {
  const bool is_compensating = instance.state.phase == Phase::compensating;
  TRY(
      tx.exec("UPDATE saga_instance SET state = $2, step = $3, reason = $4, updated_at = $5, deadline = $6,"
              " retries = $7, compensating_since = coalesce(compensating_since, $8) WHERE id = $1",
              {instance.id, std::string(name_of(instance.state.phase)), static_cast<std::int64_t>(instance.state.step),
               instance.state.reason, now.text, or_null(instance.deadline), instance.retries,
               is_compensating ? Value(now.milliseconds) : Value()}));
  return base::success();
}

Result<std::vector<Instance>> list_instances(Transaction& tx, const std::string& kind, std::optional<Phase> phase,
                                             const std::string& before, std::int64_t limit) {
  // Without a state no index but that of the ids has the order; SQLite would take another one for the kind alone.
  std::string where = phase ? " WHERE kind = $1" : " WHERE kind || '' = $1";
  std::vector<Value> values{kind, limit};
  const auto also = [&](const std::string& condition, const std::string& value) {
    values.emplace_back(value);
    where += " AND " + condition + "$" + std::to_string(values.size());
  };
  if (phase) also("state = ", std::string(name_of(*phase)));
  if (!before.empty()) also("id < ", before);
  TRY(const auto found, tx.exec(std::string(columns) + where + " ORDER BY id DESC LIMIT $2", values));
  std::vector<Instance> instances;
  for (const auto& row : found.rows) {
    TRY(auto instance, instance_of(row));
    instances.push_back(std::move(instance));
  }
  return instances;
}

Result<std::vector<std::string>> due(Transaction& tx, const std::string& kind, std::int64_t now, std::int64_t limit) {
  TRY(const auto found, tx.exec("SELECT id FROM saga_instance WHERE kind = $1 AND deadline IS NOT NULL"
                                " AND deadline <= $2 ORDER BY deadline LIMIT $3",
                                {kind, now, limit}));
  std::vector<std::string> ids;
  for (const auto& row : found.rows) ids.push_back(row.text(0));
  return ids;
}

Result<void> bring_forward(Transaction& tx, const std::string& kind, std::int64_t latest) {
  TRY(tx.exec("UPDATE saga_instance SET deadline = $2 WHERE kind = $1 AND deadline > $2", {kind, latest}));
  return base::success();
}

Result<std::int64_t> count(Transaction& tx, const std::string& kind, Phase phase) {
  return count_some(tx, "state = $1 AND kind = $2", {std::string(name_of(phase)), kind});
}

Result<std::int64_t> count_compensating(Transaction& tx, const std::string& kind, std::int64_t since) {
  return count_some(tx, "state = 'compensating' AND compensating_since <= $1 AND kind = $2", {since, kind});
}

Result<void> begin_step(Transaction& tx, const std::string& id, std::size_t position, const Moment& now) {
  TRY(
      tx.exec("INSERT INTO saga_step (saga_id, position, state, started_at, attempts, detail)"
              " VALUES ($1, $2, 'waiting', $3, 1, '')",
              {id, static_cast<std::int64_t>(position), now.text}));
  return base::success();
}

Result<void> end_step(Transaction& tx, const std::string& id, std::size_t position, const std::string& state,
                      const std::string& detail, const Moment& now) {
  TRY(
      tx.exec("UPDATE saga_step SET state = $3, ended_at = coalesce(ended_at, $4), detail = CASE WHEN $5 = '' THEN "
              "detail ELSE $5 END"
              " WHERE saga_id = $1 AND position = $2",
              {id, static_cast<std::int64_t>(position), state, now.text, detail}));
  return base::success();
}

Result<std::int64_t> attempts_of(Transaction& tx, const std::string& id, std::size_t position) {
  TRY(const auto found, tx.exec("SELECT attempts FROM saga_step WHERE saga_id = $1 AND position = $2",
                                {id, static_cast<std::int64_t>(position)}));
  return found.rows.empty() ? 0 : found.rows.front().integer(0);
}

Result<void> undo_step(Transaction& tx, const std::string& id, std::size_t position, const std::string& detail,
                       const Moment& now) {
  TRY(
      tx.exec("UPDATE saga_step SET attempts = CASE WHEN state = 'compensating' THEN attempts + 1 ELSE 1 END,"
              " state = 'compensating', ended_at = coalesce(ended_at, $4),"
              " detail = CASE WHEN $3 = '' THEN detail ELSE $3 END WHERE saga_id = $1 AND position = $2",
              {id, static_cast<std::int64_t>(position), detail, now.text}));
  return base::success();
}

Result<std::vector<std::pair<std::size_t, base::Json>>> list_steps(Transaction& tx, const std::string& id) {
  TRY(const auto found, tx.exec("SELECT position, state, started_at, ended_at, attempts, detail FROM saga_step"
                                " WHERE saga_id = $1 ORDER BY position",
                                {id}));
  std::vector<std::pair<std::size_t, base::Json>> steps;
  for (const auto& row : found.rows) {
    base::Json step{{"state", row.text(1)},
                    {"started_at", row.text(2)},
                    {"ended_at", nullptr},
                    {"attempts", row.integer(4)},
                    {"detail", nullptr}};
    if (!row.is_null(3)) step["ended_at"] = row.text(3);
    if (!row.text(5).empty()) step["detail"] = row.text(5);
    steps.emplace_back(static_cast<std::size_t>(row.integer(0)), std::move(step));
  }
  return steps;
}

}  // namespace chassis::saga
