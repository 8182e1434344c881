#pragma once
// The outbox's rows as the relay and the operator see them: one SQL text for SQLite and PostgreSQL but for the horizon.
// Events stay as they were written (outbox_event). Which are to be sent is a row each in outbox_queue, which is gone
// afterwards; what was sent is kept as runs (runs.hpp).
// Reading costs the same whatever waits: it goes by an index and stops after `rows`. Where rows must wait it leaps from
// aggregate to aggregate; where none must, it takes them as they were written.
// Internal to outbox. Thread-safe as the database is.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "services/chassis/broker/broker.hpp"
#include "services/chassis/db/database.hpp"

namespace chassis::outbox {

// The lease: one relay publishes at a time. It says nothing of the time: who wants it watches whether `beat` grows.
struct Lease {
  std::string owner;  // empty: free
  std::int64_t beat = 0;
  std::int64_t last_sequence = 0;  // the highest that the broker has acknowledged
};

struct Waiting {
  std::int64_t id = 0;
  std::string aggregate;
  std::int64_t attempts = 0;
  broker::Message message;

  // For the broker; what names it stays.
  broker::Message take_message();
};

// What to read: aggregates behind `after`, of each its oldest rows.
struct Scan {
  std::string after;  // empty: from the first one
  std::int64_t rows = 0;
  std::int64_t per_aggregate = 1;
  std::int64_t now_ms = 0;
};

// The same without regard to aggregates: rows behind `after`, in the order in which they were written.
struct Stretch {
  std::int64_t after = 0;
  std::int64_t rows = 0;
  std::int64_t now_ms = 0;
};

struct Portion {
  Lease lease;
  std::vector<Waiting> rows;   // of a Scan by aggregate, then in the order in which they were written
  std::string last_aggregate;  // where a Scan goes on
  std::int64_t aggregates = 0;
  bool reached_end = true;
  bool is_held_back = false;  // by a transaction that has not ended: the rest follows soon
  bool must_wait = false;     // something is parked or not due yet. A Stretch ends before it
};

struct Sent {
  std::int64_t id;
  std::int64_t sequence;
};

struct Refused {
  std::int64_t id;
  std::int64_t retry_at_ms;
  std::string parked_reason;  // empty: it is tried again
};

struct Settlement {
  std::vector<Sent> sent;
  std::vector<Refused> refused;
};

struct Counts {
  std::int64_t unsent = 0;
  std::int64_t parked = 0;
  std::string oldest_created_at;  // empty: none is unsent
  std::string last_sent_at;
  Lease lease;
};

// Which rows an operator means.
struct Choice {
  enum class Kind : std::uint8_t { event, parked, since, all } kind = Kind::all;
  std::string value = {};  // an event's id or a time
};

class Store {
 public:
  template <class T>
  using Answer = base::Task<base::Result<T>>;

  // Counts are not exact above this: a gauge must not read a million rows.
  static constexpr std::int64_t count_limit = 100'000;
  // Rows that one transaction changes, so that no other writer waits for long.
  static constexpr std::int64_t portion = 1'000;
  // Between two tries of a row; it goes at once when it would wait for longer, since the clock was set back then.
  static constexpr std::chrono::milliseconds longest_pause{30'000};

  Store(db::Database& database, const base::Clock& clock, bool is_postgres);

  Answer<Portion> read(Scan scan);
  Answer<Portion> read(Stretch stretch);
  // Takes the lease over from whom it was seen with. False: somebody else was faster.
  Answer<bool> take(Lease seen, std::string owner);
  Answer<void> release(std::string owner);
  // Writes down what became of rows. False, and nothing is written, when the lease is not `owner`'s any more.
  Answer<bool> settle(std::string owner, Settlement settlement);
  // The broker has nothing above `last_sequence` any more: such rows are unsent again. How many; -1 when the lease is
  // not `owner`'s any more.
  Answer<std::int64_t> rewind(std::string owner, std::int64_t last_sequence);
  // Removes rows sent before that time, a portion of them. How many; 0 when none is left.
  Answer<std::int64_t> reap(std::string before);
  Answer<Counts> count();
  Answer<std::vector<base::Json>> parked(std::int64_t at_most);
  // Makes rows unsent again, and parked ones too. How many.
  Answer<std::int64_t> replay(Choice choice);
  // Removes a parked row. Errors: not_found.
  Answer<void> drop(std::string event_id);
  // The oldest transaction that may still write, as a number that stays while it runs; empty when there is none or the
  // database has no such thing.
  Answer<std::string> horizon();

  // For tests of the plan.
  const std::string& first_scan_sql() const { return from_first_; }
  const std::string& scan_sql() const { return from_after_; }
  const std::string& stretch_sql() const { return in_order_; }
  base::Result<void> steer_for_test(db::Transaction& tx) const { return steer(tx); }

 private:
  base::Monotonic soon() const;
  template <class T>
  Answer<T> write(std::function<base::Result<T>(db::Transaction&)> work);
  base::Result<void> steer(db::Transaction& tx) const;
  base::Result<Portion> read_in(db::Transaction& tx, const Scan& scan) const;
  base::Result<Portion> read_in(db::Transaction& tx, const Stretch& stretch) const;

  db::Database& database_;
  const base::Clock& clock_;
  bool is_postgres_;
  std::string from_first_;
  std::string from_after_;
  std::string in_order_;
};

}  // namespace chassis::outbox
