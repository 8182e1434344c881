#include "services/chassis/outbox/store.hpp"

#include <algorithm>

namespace chassis::outbox {
namespace {

using base::Result;
using db::Transaction;
using db::Value;

constexpr std::chrono::seconds patience{5};
constexpr std::size_t marks_per_statement = 64;
constexpr std::size_t worthwhile_run = 8;  // rows, on average: shorter ones cost more than they save

// PostgreSQL gives numbers to rows of transactions that may commit in another order. Below the oldest one that still
// runs nothing can appear any more (as watermill-sql reads). `xmin` wraps round, which age() allows for.
constexpr std::string_view above_horizon =
    " OR age(o.xmin) <= (SELECT age(pg_snapshot_xmin(pg_current_snapshot())::xid))";

// Why a row does not go now: 1 it is parked or not due yet, 2 a transaction may still put one in front of it.
std::string waits(const char* now_ms, bool is_postgres) {
  return std::string("CASE WHEN o.parked_at IS NOT NULL OR o.retry_at > ") + now_ms + " THEN 1" +
         (is_postgres ? " WHEN false" + std::string(above_horizon) + " THEN 2" : std::string()) + " ELSE 0 END";
}

// What waiting_of() reads, behind the four columns that say where a row stands.
constexpr std::string_view content =
    " o.attempts, o.event_id, o.replays, o.subject, o.traceparent, o.tracestate, o.request_id, o.body";

// Walks the index outbox_unsent (aggregate, id): to the next row of the aggregate, or past all others of one that has
// had its share ($2) or whose oldest row must wait. `n` bounds the walk ($3).
std::string scan(bool from_first, bool is_postgres) {
  const auto waits = outbox::waits("$4", is_postgres);
  return "WITH RECURSIVE walk (id, aggregate, place, waits, n) AS ("
         "SELECT o.id, o.aggregate, 1, " +
         waits + ", 1 FROM outbox o WHERE o.id = (SELECT f.id FROM outbox f WHERE f.sent_at IS NULL AND f.aggregate " +
         (from_first ? ">=" : ">") +
         " $1 ORDER BY f.aggregate, f.id LIMIT 1)"
         " UNION ALL "
         "SELECT o.id, o.aggregate, CASE WHEN o.aggregate = w.aggregate THEN w.place + 1 ELSE 1 END, " +
         waits +
         ", w.n + 1 FROM walk w CROSS JOIN outbox o WHERE w.n < $3 AND o.id = "
         "coalesce(CASE WHEN w.waits = 0 AND w.place < $2 THEN"
         " (SELECT f.id FROM outbox f WHERE f.sent_at IS NULL AND f.aggregate = w.aggregate AND f.id > w.id"
         " ORDER BY f.aggregate, f.id LIMIT 1) END,"
         " (SELECT f.id FROM outbox f WHERE f.sent_at IS NULL AND f.aggregate > w.aggregate"
         " ORDER BY f.aggregate, f.id LIMIT 1)))"
         " SELECT w.id, w.aggregate, w.place, w.waits," +
         std::string(content) + " FROM walk w CROSS JOIN outbox o WHERE o.id = w.id ORDER BY w.n";
}

// Parked rows are not in the index outbox_waiting: whoever reads so asks first whether there are any. SQLite would
// rather go through the table, sent rows and all.
std::string stretch(bool is_postgres) {
  return "SELECT o.id, o.aggregate, 1, " + waits("$3", is_postgres) + "," + std::string(content) + " FROM outbox o" +
         (is_postgres ? "" : " INDEXED BY outbox_waiting") +
         " WHERE o.sent_at IS NULL AND o.parked_at IS NULL AND o.id > $1 ORDER BY o.id LIMIT $2";
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

// One statement for many rows; short ones are filled up with the last row, so that there is one text to prepare.
Result<void> mark_scattered(Transaction& tx, std::span<const Sent> sent, const std::string& now) {
  static const std::string sql = [] {
    std::string text = "UPDATE outbox SET sent_at = $1, sequence = v.column2 FROM (VALUES ";
    for (std::size_t i = 0; i < marks_per_statement; ++i) {
      text += (i == 0 ? "($" : ", ($") + std::to_string(2 * i + 2) + ", $" + std::to_string(2 * i + 3) + ")";
    }
    return text + ") AS v WHERE outbox.id = v.column1";
  }();
  for (std::size_t at = 0; at < sent.size(); at += marks_per_statement) {
    std::vector<Value> values{now};
    for (std::size_t i = at; i < at + marks_per_statement; ++i) {
      const auto& one = sent[std::min(i, sent.size() - 1)];
      values.emplace_back(one.id);
      values.emplace_back(one.sequence);
    }
    TRY(tx.exec(sql, std::span<const Value>(values)));
  }
  return base::success();
}

// Published in the order in which they were written, rows mostly have ids and sequences that both count up by one: a
// run of them is one statement. It has no row in it that is not meant, since there is no id between two that follow.
// Only columns without a constraint change: SQLite then needs no copies of pages to undo the statement alone.
Result<void> mark_sent(Transaction& tx, std::vector<Sent> sent, const std::string& now) {
  std::sort(sent.begin(), sent.end(), [](const Sent& a, const Sent& b) { return a.id < b.id; });
  const auto breaks = [](const Sent& a, const Sent& b) { return b.id != a.id + 1 || b.sequence != a.sequence + 1; };
  std::vector<std::span<const Sent>> runs;
  for (auto at = sent.cbegin(); at != sent.cend();) {
    auto end = std::adjacent_find(at, sent.cend(), breaks);
    if (end != sent.cend()) ++end;
    runs.emplace_back(at, end);
    at = end;
  }
  if (runs.size() > 1 + sent.size() / worthwhile_run) return mark_scattered(tx, sent, now);
  for (const auto& run : runs) {
    const auto& first = run.front();
    TRY(tx.exec("UPDATE outbox SET sent_at = $1, sequence = id + $2 WHERE id >= $3 AND id <= $4",
                {now, first.sequence - first.id, first.id, run.back().id}));
  }
  return base::success();
}

Result<void> mark_refused(Transaction& tx, const Refused& refused, const std::string& now) {
  if (refused.parked_reason.empty()) {
    TRY(tx.exec("UPDATE outbox SET attempts = attempts + 1, retry_at = $2 WHERE id = $1",
                {refused.id, refused.retry_at_ms}));
  } else {
    TRY(tx.exec("UPDATE outbox SET attempts = attempts + 1, parked_at = $2, parked_reason = $3 WHERE id = $1",
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
  TRY(const auto parked, first_number(tx, "SELECT 1 FROM outbox WHERE parked_at IS NOT NULL LIMIT 1", {}));
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
  std::int64_t total = 0;
  for (;;) {
    std::function<Result<std::int64_t>(Transaction&)> work = [=, this](Transaction& tx) -> Result<std::int64_t> {
      TRY(steer(tx));
      TRY(const bool is_mine, beat(tx, owner));
      if (!is_mine) return std::int64_t{-1};
      TRY(const auto done, tx.exec("UPDATE outbox SET sent_at = NULL, sequence = NULL, attempts = 0, retry_at = 0 "
                                   "WHERE id IN (SELECT id FROM outbox"
                                   " WHERE sent_at IS NOT NULL AND sequence > $1 ORDER BY sequence LIMIT $2)",
                                   {above, portion}));
      if (done.changed < portion) {
        TRY(tx.exec("UPDATE outbox_relay SET last_sequence = $1 WHERE name = 'relay'", {last_sequence}));
      }
      return done.changed;
    };
    CO_TRY(const auto changed, co_await write<std::int64_t>(std::move(work)));
    if (changed < 0) co_return changed;
    total += changed;
    if (changed < portion) co_return total;
  }
}

Store::Answer<std::int64_t> Store::reap(std::string before) {
  return write<std::int64_t>([this, before = std::move(before)](Transaction& tx) -> Result<std::int64_t> {
    TRY(steer(tx));
    TRY(const auto done, tx.exec("DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE sent_at IS NOT NULL"
                                 " ORDER BY sequence LIMIT $1) AND sent_at < $2",
                                 {portion, before}));
    return done.changed;
  });
}

Store::Answer<Counts> Store::count() {
  std::function<Result<Counts>(Transaction&)> work = [this](Transaction& tx) -> Result<Counts> {
    TRY(steer(tx));
    Counts counts;
    TRY(counts.lease, read_lease(tx));
    TRY(counts.unsent, first_number(tx,
                                    "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE sent_at IS NULL AND parked_at"
                                    " IS NULL LIMIT $1) AS few",
                                    {count_limit}));
    TRY(counts.parked, first_number(tx,
                                    "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE parked_at IS NOT NULL"
                                    " LIMIT $1) AS few",
                                    {count_limit}));
    TRY(counts.oldest_created_at, first_text(tx,
                                             "SELECT created_at FROM outbox WHERE sent_at IS NULL AND parked_at IS"
                                             " NULL ORDER BY id LIMIT 1"));
    TRY(counts.last_sent_at,
        first_text(tx, "SELECT sent_at FROM outbox WHERE sent_at IS NOT NULL ORDER BY sequence DESC LIMIT 1"));
    return counts;
  };
  return database_.read<Counts>(soon(), std::move(work));
}

Store::Answer<std::vector<base::Json>> Store::parked(std::int64_t at_most) {
  using Events = std::vector<base::Json>;
  std::function<Result<Events>(Transaction&)> work = [at_most](Transaction& tx) -> Result<Events> {
    TRY(const auto found, tx.exec("SELECT event_id, aggregate, subject, attempts, parked_at, parked_reason FROM outbox"
                                  " WHERE parked_at IS NOT NULL ORDER BY id LIMIT $1",
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
  std::string which;
  switch (choice.kind) {
    case Choice::Kind::event:
      which = "(sent_at IS NOT NULL OR parked_at IS NOT NULL) AND event_id = $4";
      break;
    case Choice::Kind::parked:
      which = "parked_at IS NOT NULL AND $4 = ''";
      break;
    case Choice::Kind::since:
      which = "sent_at IS NOT NULL AND sent_at >= $4";
      break;
    case Choice::Kind::all:
      which = "(sent_at IS NOT NULL OR parked_at IS NOT NULL) AND $4 = ''";
      break;
  }
  const std::string sql =
      "UPDATE outbox SET replays = CASE WHEN sent_at IS NULL THEN replays ELSE replays + 1 END, sent_at = NULL,"
      " sequence = NULL, attempts = 0, retry_at = 0, parked_at = NULL, parked_reason = NULL WHERE id IN"
      " (SELECT id FROM outbox WHERE id > $1 AND id <= $2 AND " +
      which + " ORDER BY id LIMIT $3) RETURNING id";
  // What comes meanwhile, and what has been sent again already, is not meant.
  std::function<Result<std::int64_t>(Transaction&)> look = [](Transaction& tx) -> Result<std::int64_t> {
    return first_number(tx, "SELECT max(id) FROM outbox", {});
  };
  CO_TRY(const auto last, co_await database_.read<std::int64_t>(soon(), std::move(look)));
  std::int64_t total = 0;
  for (std::int64_t after = 0;;) {
    std::function<Result<db::Rows>(Transaction&)> work = [=, value = choice.value](Transaction& tx) {
      return tx.exec(sql, {after, last, portion, value});
    };
    CO_TRY(const auto done, co_await write<db::Rows>(std::move(work)));
    for (const auto& row : done.rows) after = std::max(after, row.integer(0));
    const auto changed = static_cast<std::int64_t>(done.rows.size());
    total += changed;
    if (changed < portion) co_return total;
  }
}

Store::Answer<void> Store::drop(std::string event_id) {
  db::Work work = [event_id = std::move(event_id)](Transaction& tx) -> Result<void> {
    TRY(const auto gone, tx.exec("DELETE FROM outbox WHERE event_id = $1 AND parked_at IS NOT NULL", {event_id}));
    if (gone.changed == 1) return base::success();
    return base::fail(base::ErrorCode::not_found, "no parked event has the id " + event_id);
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
