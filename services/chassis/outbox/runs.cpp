#include "services/chassis/outbox/runs.hpp"

#include <algorithm>

namespace chassis::outbox {
namespace {

using base::Result;
using db::Transaction;
using db::Value;

constexpr std::size_t ids_per_statement = 64;
constexpr std::size_t runs_per_statement = 32;
constexpr std::size_t worthwhile_run = 8;  // rows, on average: to delete shorter ones each by itself costs more

// "($1, $2), ($3, $4)" for two rows of two columns.
std::string places(std::size_t rows, std::size_t columns) {
  std::string text;
  for (std::size_t i = 0; i < rows * columns; ++i) {
    text += i % columns == 0 ? (i == 0 ? "(" : ", (") : ", ";
    text += "$" + std::to_string(i + 1);
    if (i % columns == columns - 1) text += ")";
  }
  return text;
}

// Published in the order in which they were written, rows mostly have ids and sequences that both count up by one.
std::vector<Run> runs_of(const std::vector<Sent>& sorted) {
  std::vector<Run> runs;
  for (const auto& one : sorted) {
    if (!runs.empty()) {
      auto& last = runs.back();
      if (one.id == last.last_id + 1 && one.sequence == last.first_sequence + last.rows()) {
        ++last.last_id;
        continue;
      }
    }
    runs.push_back({one.id, one.id, one.sequence});
  }
  return runs;
}

// A run has no row in it that is not meant, since there is no id between two that follow.
Result<void> leave_queue(Transaction& tx, const std::vector<Run>& runs) {
  for (const auto& run : runs) {
    TRY(tx.exec("DELETE FROM outbox_queue WHERE id >= $1 AND id <= $2", {run.first_id, run.last_id}));
  }
  return base::success();
}

// One statement for many; a short one is filled up with the last, so that there is one text to prepare.
Result<void> leave_queue(Transaction& tx, const std::vector<Sent>& sent) {
  static const std::string sql = "DELETE FROM outbox_queue WHERE id IN " + places(1, ids_per_statement);
  for (std::size_t at = 0; at < sent.size(); at += ids_per_statement) {
    std::vector<Value> values;
    for (std::size_t i = at; i < at + ids_per_statement; ++i) {
      values.emplace_back(sent[std::min(i, sent.size() - 1)].id);
    }
    TRY(tx.exec(sql, std::span<const Value>(values)));
  }
  return base::success();
}

Result<void> add_runs(Transaction& tx, const std::vector<Run>& runs, const std::string& now) {
  static const std::string head =
      "INSERT INTO outbox_sent (first_id, last_id, first_sequence, last_sequence, sent_at) VALUES ";
  static const std::string tail = " ON CONFLICT (first_id) DO NOTHING";
  static const std::string one = head + places(1, 5) + tail;
  static const std::string many = head + places(runs_per_statement, 5) + tail;
  const std::size_t step = runs.size() == 1 ? 1 : runs_per_statement;
  for (std::size_t at = 0; at < runs.size(); at += step) {
    std::vector<Value> values;
    for (std::size_t i = at; i < at + step; ++i) {
      const auto& run = runs[std::min(i, runs.size() - 1)];
      for (const auto number : {run.first_id, run.last_id, run.first_sequence, run.first_sequence + run.rows() - 1}) {
        values.emplace_back(number);
      }
      values.emplace_back(now);
    }
    TRY(tx.exec(step == 1 ? one : many, std::span<const Value>(values)));
  }
  return base::success();
}

}  // namespace

Result<void> mark_sent(Transaction& tx, std::vector<Sent> sent, const std::string& now) {
  std::sort(sent.begin(), sent.end(), [](const Sent& a, const Sent& b) { return a.id < b.id; });
  const auto runs = runs_of(sent);
  const bool are_long = runs.size() <= 1 + sent.size() / worthwhile_run;
  TRY(are_long ? leave_queue(tx, runs) : leave_queue(tx, sent));
  return add_runs(tx, runs, now);
}

Result<std::vector<Run>> find_runs(Transaction& tx, const std::string& condition, std::initializer_list<Value> values,
                                   std::int64_t rows) {
  TRY(const auto found, tx.exec("SELECT first_id, last_id, first_sequence FROM outbox_sent " + condition, values));
  std::vector<Run> runs;
  for (const auto& row : found.rows) {
    if (rows <= 0) break;
    runs.push_back({row.integer(0), row.integer(1), row.integer(2)});
    rows -= runs.back().rows();
  }
  return runs;
}

Result<void> cut(Transaction& tx, const Run& run, std::int64_t first_id, std::int64_t last_id) {
  if (last_id < run.last_id) {
    TRY(
        tx.exec("INSERT INTO outbox_sent (first_id, last_id, first_sequence, last_sequence, sent_at)"
                " SELECT first_id + $2, last_id, first_sequence + $2, last_sequence, sent_at"
                " FROM outbox_sent WHERE first_id = $1",
                {run.first_id, last_id + 1 - run.first_id}));
  }
  if (first_id == run.first_id) {
    TRY(tx.exec("DELETE FROM outbox_sent WHERE first_id = $1", {run.first_id}));
  } else {
    TRY(
        tx.exec("UPDATE outbox_sent SET last_id = first_id + $2, last_sequence = first_sequence + $2"
                " WHERE first_id = $1",
                {run.first_id, first_id - 1 - run.first_id}));
  }
  return base::success();
}

Result<std::int64_t> requeue(Transaction& tx, const Run& run, std::int64_t first_id, std::int64_t last_id) {
  TRY(cut(tx, run, first_id, last_id));
  TRY(const auto done, tx.exec("INSERT INTO outbox_queue (id, aggregate) SELECT id, aggregate FROM outbox_event"
                               " WHERE id >= $1 AND id <= $2 ON CONFLICT (id) DO NOTHING",
                               {first_id, last_id}));
  return done.changed;
}

}  // namespace chassis::outbox
