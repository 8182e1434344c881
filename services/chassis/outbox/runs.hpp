#pragma once
// What the broker has been given, as runs: ids that follow each other, at sequences that do. Thousands of events that
// went out as they were written are one row, so that to mark them costs next to nothing. No id is in two runs.
// Internal to outbox; each function works in the transaction that it is given.

#include <cstdint>
#include <string>
#include <vector>

#include "services/chassis/db/database.hpp"
#include "services/chassis/outbox/store.hpp"

namespace chassis::outbox {

// That a transaction changes at most, with a few statements each: events that go out one by one are runs of one.
constexpr std::int64_t runs_at_once = 100;

struct Run {
  std::int64_t first_id = 0;
  std::int64_t last_id = 0;
  std::int64_t first_sequence = 0;

  std::int64_t rows() const { return last_id - first_id + 1; }
};

// Writes down that these were sent, and takes them from the queue.
base::Result<void> mark_sent(db::Transaction& tx, std::vector<Sent> sent, const std::string& now);

// Runs that `condition` (SQL over outbox_sent, with `values`) gives, as far as they have `rows` rows together; a run
// that has more is given whole. It says in which order, and bounds what it reads.
base::Result<std::vector<Run>> find_runs(db::Transaction& tx, const std::string& condition,
                                         std::initializer_list<db::Value> values, std::int64_t rows);

// Takes ids out of the run that they are in, which may leave two.
base::Result<void> cut(db::Transaction& tx, const Run& run, std::int64_t first_id, std::int64_t last_id);

// The same, and they are to be sent again. How many.
base::Result<std::int64_t> requeue(db::Transaction& tx, const Run& run, std::int64_t first_id, std::int64_t last_id);

}  // namespace chassis::outbox
