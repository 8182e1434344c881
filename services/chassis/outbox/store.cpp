#include "services/chassis/outbox/store.hpp"

#include <algorithm>

#include "services/chassis/outbox/runs.hpp"

namespace chassis::outbox {
namespace {

using base::Result;
using db::Transaction;
using db::Value;

constexpr std::chrono::seconds patience{5};

// PostgreSQL gives numbers to rows of transactions that may commit in another order. Below the oldest one that still
// runs nothing can appear any more (as watermill-sql reads). `xmin` wraps round, which age() allows for.
constexpr std::string_view above_horizon =
    " OR age(q.xmin) <= (SELECT age(pg_snapshot_xmin(pg_current_snapshot())::xid))";

// Why a row does not go now: 1 it is parked or not due yet, 2 a transaction may still put one in front of it. What is
// due later than the longest pause was put off by a clock that has been set back since.
std::string waits(const std::string& now_ms, bool is_postgres) {
  return "CASE WHEN q.parked_at IS NOT NULL OR (q.retry_at > " + now_ms + " AND q.retry_at <= " + now_ms + " + " +
         std::to_string(Store::longest_pause.count()) + ") THEN 1" +
         (is_postgres ? " WHEN false" + std::string(above_horizon) + " THEN 2" : std::string()) + " ELSE 0 END";
}

// What waiting_of() reads, behind the five columns that say where a row stands.
constexpr std::string_view content =
    " e.event_id, e.replays, e.subject, e.traceparent, e.tracestate, e.request_id, e.body";

// Walks the index outbox_queue_order (aggregate, id): to the next row of the aggregate, or past all others of one that
// has had its share ($2) or whose oldest row must wait. `n` bounds the walk ($3).
std::string scan(bool from_first, bool is_postgres) {
  const auto waits = outbox::waits("$4", is_postgres);
  return "WITH RECURSIVE walk (id, aggregate, place, waits, attempts, n) AS ("
         "SELECT q.id, q.aggregate, 1, " +
         waits +
         ", q.attempts, 1 FROM outbox_queue q WHERE q.id = (SELECT f.id FROM outbox_queue f WHERE f.aggregate " +
         (from_first ? ">=" : ">") +
         " $1 ORDER BY f.aggregate, f.id LIMIT 1)"
         " UNION ALL "
         "SELECT q.id, q.aggregate, CASE WHEN q.aggregate = w.aggregate THEN w.place + 1 ELSE 1 END, " +
         waits +
         ", q.attempts, w.n + 1 FROM walk w CROSS JOIN outbox_queue q WHERE w.n < $3 AND q.id = "
         "coalesce(CASE WHEN w.waits = 0 AND w.place < $2 THEN"
         " (SELECT f.id FROM outbox_queue f WHERE f.aggregate = w.aggregate AND f.id > w.id"
         " ORDER BY f.aggregate, f.id LIMIT 1) END,"
         " (SELECT f.id FROM outbox_queue f WHERE f.aggregate > w.aggregate"
         " ORDER BY f.aggregate, f.id LIMIT 1)))"
         " SELECT w.id, w.aggregate, w.place, w.waits, w.attempts," +
         std::string(content) + " FROM walk w CROSS JOIN outbox_event e WHERE e.id = w.id ORDER BY w.n";
}

// Whoever reads so asks first whether anything is parked. `+ 0` keeps PostgreSQL from walking the events instead of the
// queue, which are in the same order.
std::string stretch(bool is_postgres) {
  return "SELECT q.id, q.aggregate, 1, " + waits("$3", is_postgres) + ", q.attempts," + std::string(content) +
         " FROM outbox_queue q CROSS JOIN outbox_event e WHERE q.id > $1 AND e.id = q.id + 0 ORDER BY q.id LIMIT $2";
}

Waiting waiting_of(db::Row& row) {
  // Sent again on purpose it needs another id for the broker, which would drop it; the event's own id stays.
  auto id = row.take_text(5);
  if (const auto replays = row.integer(6); replays > 0) id += "~" + std::to_string(replays);
  broker::Message message{row.take_text(7), std::move(id), {}, row.take_text(11)};
  message.headers.add("Content-Type", "application/cloudevents+json");
  message.headers.add("traceparent", row.text(8));
  if (!row.text(9).empty()) message.headers.add("tracestate", row.text(9));
  message.headers.add("X-Request-Id", row.text(10));
  return {row.integer(0), row.take_text(1), row.integer(4), std::move(message)};
}

Result<Lease> read_lease(Transaction& tx) {
  TRY(const auto found, tx.exec("SELECT owner, beat, last_sequence FROM outbox_relay WHERE name = 'relay'"));
  if (found.rows.empty()) return base::fail(base::ErrorCode::internal, "the table outbox_relay has lost its row");
  const auto& row = found.rows.front();
  return Lease{row.text(0), row.integer(1), row.integer(2)};
}

// Shows that `owner` lives. False: the lease is not its any more.
Result<bool> beat(Transaction& tx, const std::string& owner) {
  TRY(const auto done, tx.exec("UPDATE outbox_relay SET beat = beat + 1 WHERE name = 'relay' AND owner = $1", {owner}));
  return done.changed == 1;
}

Result<void> mark_refused(Transaction& tx, const Refused& refused, const std::string& now) {
  if (refused.parked_reason.empty()) {
    TRY(tx.exec("UPDATE outbox_queue SET attempts = attempts + 1, retry_at = $2 WHERE id = $1",
                {refused.id, refused.retry_at_ms}));
  } else {
    TRY(tx.exec("UPDATE outbox_queue SET attempts = attempts + 1, parked_at = $2, parked_reason = $3 WHERE id = $1",
                {refused.id, now, refused.parked_reason}));
  }
  return base::success();
}

Result<std::string> first_text(Transaction& tx, std::string_view sql) {
  TRY(const auto found, tx.exec(sql));
  return found.rows.empty() ? std::string() : found.rows.front().text(0);
}

Result<std::int64_t> first_number(Transaction& tx, std::string_view sql, std::initializer_list<Value> parameters) {
  TRY(const auto found, tx.exec(sql, parameters));
  return found.rows.empty() ? std::int64_t{0} : found.rows.front().integer(0);
}

// Rows behind `after`, up to `last`.
struct Range {
  std::int64_t after;
  std::int64_t last;
};

struct Replayed {
  std::int64_t rows = 0;
  std::int64_t up_to = 0;  // where the next portion begins
};

// Sent already, they need another id for the broker.
Result<std::int64_t> send_again(Transaction& tx, const Run& run, std::int64_t first_id, std::int64_t last_id) {
  TRY(tx.exec("UPDATE outbox_event SET replays = replays + 1 WHERE id >= $1 AND id <= $2", {first_id, last_id}));
  return requeue(tx, run, first_id, last_id);
}

// Parked rows, as if they had never been tried.
Result<Replayed> unpark(Transaction& tx, const Range& range) {
  TRY(const auto done, tx.exec("UPDATE outbox_queue SET attempts = 0, retry_at = 0, parked_at = NULL, parked_reason ="
                               " NULL WHERE id IN (SELECT id FROM outbox_queue WHERE parked_at IS NOT NULL AND id > $1"
                               " AND id <= $2 ORDER BY id LIMIT $3) RETURNING id",
                               {range.after, range.last, Store::portion}));
  Replayed unparked{static_cast<std::int64_t>(done.rows.size()), range.last};
  if (unparked.rows < Store::portion) return unparked;
  unparked.up_to = range.after;
  for (const auto& row : done.rows) unparked.up_to = std::max(unparked.up_to, row.integer(0));
  return unparked;
}

Result<std::int64_t> replay_one(Transaction& tx, const std::string& event_id) {
  TRY(const auto found, tx.exec("SELECT id FROM outbox_event WHERE event_id = $1", {event_id}));
  if (found.rows.empty()) return std::int64_t{0};
  const auto id = found.rows.front().integer(0);
  TRY(const auto unparked, unpark(tx, {id - 1, id}));
  if (unparked.rows != 0) return unparked.rows;
  TRY(const auto runs, find_runs(tx, "WHERE first_id <= $1 ORDER BY first_id DESC LIMIT 1", {id}, 1));
  if (runs.empty() || runs.front().last_id < id) return std::int64_t{0};  // it waits
  return send_again(tx, runs.front(), id, id);
}

// Of a long run the beginning: the next portion has the rest.
Result<Replayed> replay_sent(Transaction& tx, const std::string& since, const Range& range) {
  TRY(const auto runs,
      find_runs(tx, "WHERE first_id > $1 AND first_id <= $2 AND sent_at >= $3 ORDER BY first_id LIMIT $4",
                {range.after, range.last, since, runs_at_once}, Store::portion));
  Replayed done{0, range.last};
  std::int64_t left = Store::portion;
  for (const auto& run : runs) {
    done.up_to = std::min({run.last_id, run.first_id + left - 1, range.last});
    left -= run.rows();
    TRY(const auto rows, send_again(tx, run, run.first_id, done.up_to));
    done.rows += rows;
  }
  if (left > 0 && std::ssize(runs) < runs_at_once) done.up_to = range.last;
  return done;
}

Result<Replayed> replay_in(Transaction& tx, const Choice& choice, const Range& range) {
  if (choice.kind == Choice::Kind::event) {
    TRY(const auto rows, replay_one(tx, choice.value));
    return Replayed{rows, range.last};
  }
  if (choice.kind == Choice::Kind::parked) return unpark(tx, range);
  if (choice.kind == Choice::Kind::since) return replay_sent(tx, choice.value, range);
  TRY(const auto parked, unpark(tx, range));
  TRY(auto done, replay_sent(tx, std::string(), {range.after, parked.up_to}));
  done.rows += parked.rows;
  return done;
}

}  // namespace

broker::Message Waiting::take_message() {
  auto taken = std::move(message);
  message = {taken.subject, taken.id, {}, {}};
  return taken;
}

Store::Store(db::Database& database, const base::Clock& clock, bool is_postgres)
    : database_(database),
      clock_(clock),
      is_postgres_(is_postgres),
      from_first_(scan(true, is_postgres)),
      from_after_(scan(false, is_postgres)),
      in_order_(stretch(is_postgres)) {}

base::Monotonic Store::soon() const { return clock_.monotonic() + patience; }

template <class T>
Store::Answer<T> Store::write(std::function<Result<T>(Transaction&)> work) {
  return database_.write<T>(soon(), std::move(work));
}

// Statistics of a queue are always stale: told how many rows there were once, PostgreSQL would read all of them.
Result<void> Store::steer(Transaction& tx) const {
  if (!is_postgres_) return base::success();
  TRY(
      tx.exec("SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),"
              " set_config('enable_mergejoin', 'off', true), set_config('enable_bitmapscan', 'off', true),"
              " set_config('jit', 'off', true)"));
  return base::success();
}

Result<Portion> Store::read_in(Transaction& tx, const Scan& scan) const {
  TRY(steer(tx));
  Portion portion;
  TRY(portion.lease, read_lease(tx));
  TRY(auto found, tx.exec(scan.after.empty() ? from_first_ : from_after_,
                          {scan.after, scan.per_aggregate, scan.rows, scan.now_ms}));
  if (!found.rows.empty()) portion.last_aggregate = found.rows.back().text(1);
  for (auto& row : found.rows) {
    if (row.integer(2) == 1) ++portion.aggregates;
    if (row.integer(3) == 1) portion.must_wait = true;
    if (row.integer(3) == 2) portion.is_held_back = true;
    if (row.integer(3) == 0) portion.rows.push_back(waiting_of(row));
  }
  portion.reached_end = static_cast<std::int64_t>(found.rows.size()) < scan.rows;
  return portion;
}

Result<Portion> Store::read_in(Transaction& tx, const Stretch& stretch) const {
  TRY(steer(tx));
  Portion portion;
  TRY(portion.lease, read_lease(tx));
  TRY(const auto parked, first_number(tx, "SELECT 1 FROM outbox_queue WHERE parked_at IS NOT NULL LIMIT 1", {}));
  portion.must_wait = parked != 0;
  if (portion.must_wait) return portion;
  TRY(auto found, tx.exec(in_order_, {stretch.after, stretch.rows, stretch.now_ms}));
  portion.rows.reserve(found.rows.size());
  for (auto& row : found.rows) {
    portion.must_wait = row.integer(3) == 1;
    portion.is_held_back = row.integer(3) == 2;
    if (portion.must_wait || portion.is_held_back) return portion;
    portion.rows.push_back(waiting_of(row));
  }
  portion.reached_end = static_cast<std::int64_t>(found.rows.size()) < stretch.rows;
  return portion;
}

Store::Answer<Portion> Store::read(Scan scan) {
  std::function<Result<Portion>(Transaction&)> work = [this, scan = std::move(scan)](Transaction& tx) {
    return read_in(tx, scan);
  };
  return database_.read<Portion>(soon(), std::move(work));
}

Store::Answer<Portion> Store::read(Stretch stretch) {
  std::function<Result<Portion>(Transaction&)> work = [this, stretch](Transaction& tx) { return read_in(tx, stretch); };
  return database_.read<Portion>(soon(), std::move(work));
}

Store::Answer<bool> Store::take(Lease seen, std::string owner) {
  return write<bool>([seen = std::move(seen), owner = std::move(owner)](Transaction& tx) -> Result<bool> {
    TRY(const auto done, tx.exec("UPDATE outbox_relay SET owner = $1, beat = beat + 1"
                                 " WHERE name = 'relay' AND owner = $2 AND beat = $3",
                                 {owner, seen.owner, seen.beat}));
    return done.changed == 1;
  });
}

Store::Answer<void> Store::release(std::string owner) {
  db::Work work = [owner = std::move(owner)](Transaction& tx) -> Result<void> {
    TRY(tx.exec("UPDATE outbox_relay SET owner = '', beat = beat + 1 WHERE name = 'relay' AND owner = $1", {owner}));
    return base::success();
  };
  return database_.write(soon(), std::move(work));
}

Store::Answer<bool> Store::settle(std::string owner, Settlement settlement) {
  const auto now = base::to_rfc3339(clock_.wall());
  return write<bool>([this, now, owner = std::move(owner),
                      settlement = std::move(settlement)](Transaction& tx) -> Result<bool> {
    TRY(steer(tx));
    TRY(const bool is_mine, beat(tx, owner));
    if (!is_mine) return false;
    TRY(mark_sent(tx, settlement.sent, now));
    for (const auto& refused : settlement.refused) {
      TRY(mark_refused(tx, refused, now));
    }
    std::int64_t highest = 0;
    for (const auto& one : settlement.sent) highest = std::max(highest, one.sequence);
    TRY(tx.exec("UPDATE outbox_relay SET last_sequence = $1 WHERE name = 'relay' AND last_sequence < $1", {highest}));
    return true;
  });
}

Store::Answer<std::int64_t> Store::rewind(std::string owner, std::int64_t last_sequence) {
  // What was sent before sequences were kept has 0, and is gone only with the whole stream.
  const std::int64_t above = last_sequence == 0 ? -1 : last_sequence;
  constexpr std::int64_t done = -2;
  std::int64_t total = 0;
  for (;;) {
    std::function<Result<std::int64_t>(Transaction&)> work = [=, this](Transaction& tx) -> Result<std::int64_t> {
      TRY(steer(tx));
      TRY(const bool is_mine, beat(tx, owner));
      if (!is_mine) return std::int64_t{-1};
      TRY(const auto runs,
          find_runs(tx, "WHERE last_sequence > $1 ORDER BY last_sequence LIMIT $2", {above, runs_at_once}, portion));
      std::int64_t again = 0;
      for (const auto& run : runs) {
        const auto kept = std::max<std::int64_t>(above - run.first_sequence + 1, 0);
        const auto first_lost = std::max(run.first_id + kept, run.last_id - portion + 1);
        TRY(const auto queued, requeue(tx, run, first_lost, run.last_id));
        again += queued;
      }
      if (!runs.empty()) return again;
      TRY(tx.exec("UPDATE outbox_relay SET last_sequence = $1 WHERE name = 'relay'", {last_sequence}));
      return done;
    };
    CO_TRY(const auto changed, co_await write<std::int64_t>(std::move(work)));
    if (changed == -1) co_return changed;
    if (changed == done) co_return total;
    total += changed;
  }
}

Store::Answer<std::int64_t> Store::reap(std::string before) {
  return write<std::int64_t>([this, before = std::move(before)](Transaction& tx) -> Result<std::int64_t> {
    TRY(steer(tx));
    TRY(const auto runs, find_runs(tx,
                                   "WHERE first_id IN (SELECT first_id FROM outbox_sent ORDER BY last_sequence"
                                   " LIMIT $1) AND sent_at < $2 ORDER BY last_sequence",
                                   {runs_at_once, before}, portion));
    std::int64_t gone = 0;
    for (const auto& run : runs) {
      const auto last = std::min(run.last_id, run.first_id + portion - gone - 1);
      TRY(cut(tx, run, run.first_id, last));
      TRY(const auto deleted, tx.exec("DELETE FROM outbox_event WHERE id >= $1 AND id <= $2", {run.first_id, last}));
      gone += deleted.changed;
    }
    return gone;
  });
}

Store::Answer<Counts> Store::count() {
  std::function<Result<Counts>(Transaction&)> work = [this](Transaction& tx) -> Result<Counts> {
    TRY(steer(tx));
    Counts counts;
    TRY(counts.lease, read_lease(tx));
    TRY(counts.parked, first_number(tx,
                                    "SELECT count(*) FROM (SELECT 1 FROM outbox_queue WHERE parked_at IS NOT NULL"
                                    " LIMIT $1) AS few",
                                    {count_limit}));
    TRY(const auto queued, first_number(tx, "SELECT count(*) FROM (SELECT 1 FROM outbox_queue LIMIT $1) AS few",
                                        {count_limit + counts.parked}));
    counts.unsent = queued - counts.parked;
    TRY(counts.oldest_created_at, first_text(tx,
                                             "SELECT created_at FROM outbox_event WHERE id = (SELECT id FROM"
                                             " outbox_queue WHERE parked_at IS NULL ORDER BY id LIMIT 1)"));
    TRY(counts.last_sent_at, first_text(tx, "SELECT sent_at FROM outbox_sent ORDER BY last_sequence DESC LIMIT 1"));
    return counts;
  };
  return database_.read<Counts>(soon(), std::move(work));
}

Store::Answer<std::vector<base::Json>> Store::parked(std::int64_t at_most) {
  using Events = std::vector<base::Json>;
  std::function<Result<Events>(Transaction&)> work = [this, at_most](Transaction& tx) -> Result<Events> {
    TRY(steer(tx));
    TRY(const auto found, tx.exec("SELECT e.event_id, e.aggregate, e.subject, q.attempts, q.parked_at, q.parked_reason"
                                  " FROM outbox_queue q CROSS JOIN outbox_event e"
                                  " WHERE q.parked_at IS NOT NULL AND e.id = q.id + 0 ORDER BY q.id LIMIT $1",
                                  {at_most}));
    Events events;
    for (const auto& row : found.rows) {
      events.push_back({{"id", row.text(0)},
                        {"aggregate", row.text(1)},
                        {"subject", row.text(2)},
                        {"attempts", row.integer(3)},
                        {"parked_at", row.text(4)},
                        {"reason", row.text(5)}});
    }
    return events;
  };
  return database_.read<Events>(soon(), std::move(work));
}

Store::Answer<std::int64_t> Store::replay(Choice choice) {
  // What comes meanwhile, and what has been sent again already, is not meant.
  std::function<Result<std::int64_t>(Transaction&)> look = [](Transaction& tx) -> Result<std::int64_t> {
    return first_number(tx, "SELECT max(id) FROM outbox_event", {});
  };
  CO_TRY(const auto last, co_await database_.read<std::int64_t>(soon(), std::move(look)));
  std::int64_t total = 0;
  for (Range range{0, last}; range.after < range.last;) {
    std::function<Result<Replayed>(Transaction&)> work = [this, range, choice](Transaction& tx) -> Result<Replayed> {
      TRY(steer(tx));
      return replay_in(tx, choice, range);
    };
    CO_TRY(const auto done, co_await write<Replayed>(std::move(work)));
    total += done.rows;
    range.after = done.up_to;
  }
  co_return total;
}

Store::Answer<void> Store::drop(std::string event_id) {
  db::Work work = [event_id = std::move(event_id)](Transaction& tx) -> Result<void> {
    TRY(const auto parked, tx.exec("DELETE FROM outbox_queue WHERE parked_at IS NOT NULL AND id ="
                                   " (SELECT id FROM outbox_event WHERE event_id = $1)",
                                   {event_id}));
    if (parked.changed == 0) return base::fail(base::ErrorCode::not_found, "no parked event has the id " + event_id);
    TRY(tx.exec("DELETE FROM outbox_event WHERE event_id = $1", {event_id}));
    return base::success();
  };
  return database_.write(soon(), std::move(work));
}

Store::Answer<std::string> Store::horizon() {
  if (!is_postgres_) co_return std::string();
  std::function<Result<std::string>(Transaction&)> work = [](Transaction& tx) {
    return first_text(tx,
                      "SELECT CASE WHEN pg_snapshot_xmin(s) < pg_snapshot_xmax(s) THEN pg_snapshot_xmin(s)::text"
                      " ELSE '' END FROM (SELECT pg_current_snapshot() AS s) AS seen");
  };
  co_return co_await database_.read<std::string>(soon(), std::move(work));
}

}  // namespace chassis::outbox
