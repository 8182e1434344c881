#include "services/chassis/outbox/outbox.hpp"

#include <algorithm>
#include <cctype>

namespace chassis::outbox {
namespace {

constexpr std::chrono::seconds broker_patience{5};
constexpr std::chrono::seconds database_patience{5};
constexpr std::chrono::milliseconds first_backoff{100};

// Per aggregate the oldest unsent row only: the next one follows when this one is acknowledged, so that order is kept
// and a row that cannot be sent holds back its own aggregate alone.
constexpr std::string_view select_sql =
    "SELECT id, event_id, subject, traceparent, tracestate, request_id, body FROM outbox o WHERE sent_at IS NULL AND "
    "NOT EXISTS (SELECT 1 FROM outbox e WHERE e.sent_at IS NULL AND e.aggregate = o.aggregate AND e.id < o.id) "
    "ORDER BY id LIMIT $1";

base::Json cloud_event(const Event& event, const CallContext& context) {
  return {{"specversion", "1.0"},
          {"id", event.id},
          {"source", event.source},
          {"type", event.type},
          {"subject", event.subject},
          {"time", event.time},
          {"datacontenttype", "application/json"},
          {"dataschema", event.data_schema},
          {"traceparent", context.trace.traceparent()},  // CloudEvents Distributed Tracing extension
          {"correlationid", context.request_id},
          {"data", event.data}};
}

}  // namespace

struct Relay::Row {
  std::int64_t id;
  broker::Message message;
};

std::string_view table_sql() {
  return "CREATE TABLE outbox ("
         " id INTEGER PRIMARY KEY AUTOINCREMENT,"
         " event_id TEXT NOT NULL UNIQUE,"
         " aggregate TEXT NOT NULL,"
         " subject TEXT NOT NULL,"
         " traceparent TEXT NOT NULL,"
         " tracestate TEXT NOT NULL,"
         " request_id TEXT NOT NULL,"
         " body TEXT NOT NULL,"
         " created_at TEXT NOT NULL,"
         " sent_at TEXT);"
         "CREATE INDEX outbox_unsent ON outbox (aggregate, id) WHERE sent_at IS NULL;"
         "CREATE INDEX outbox_unsent_order ON outbox (id) WHERE sent_at IS NULL;";
}

std::string stream_name(const std::string& service) {
  std::string name = service;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

std::string subject(const std::string& service, const std::string& type) { return service + ".events." + type; }

base::Result<void> append(db::Transaction& tx, const std::string& service, const Event& event,
                          const CallContext& context) {
  TRY(tx.exec(
      "INSERT INTO outbox (event_id, aggregate, subject, traceparent, tracestate, request_id, body, created_at)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {event.id, event.subject, subject(service, event.type), context.trace.traceparent(), context.trace.tracestate,
       context.request_id, base::dump_json(cloud_event(event, context)), event.time}));
  return base::success();
}

base::Result<void> append(db::Transaction& tx, const std::string& service, const Event& event,
                          const CallContext& context, const EventSchemas& schemas) {
  if (const auto good = schemas.check(event.data_schema, event.data); !good) {
    return base::fail(base::ErrorCode::internal,
                      event.type + " was not published: its schema refuses it: " + good.error().message);
  }
  return append(tx, service, event, context);
}

Relay::Relay(Environment& env, db::Database& database, broker::Broker& broker)
    : env_(env), database_(database), broker_(broker), signal_(env.scheduler.make_signal()) {}

void Relay::wake() { signal_->set(); }

base::Task<> Relay::run() {
  std::chrono::milliseconds backoff{0};
  while (!env_.scheduler.shutting_down()) {
    auto outcome = co_await publish_once();
    const auto wait = pause(outcome, backoff);
    if (wait.count() > 0) co_await signal_->wait(wait);
  }
}

// How long to wait before the next round: not at all after progress, a sweep when there was nothing, a growing time
// while the broker is away.
std::chrono::milliseconds Relay::pause(base::Result<int>& outcome, std::chrono::milliseconds& backoff) {
  if (!outcome) {
    if (backoff.count() == 0) {
      const base::Json fields{{"error", outcome.error().message}};
      env_.log.warning("events wait in the outbox", fields);
    }
    backoff = std::clamp(backoff * 2, first_backoff, backoff_cap);
    env_.metrics.count("outbox_publish_failures_total", "Rounds of the outbox relay that failed", {});
    const auto half = static_cast<std::uint32_t>(backoff.count() / 2);
    return backoff / 2 + std::chrono::milliseconds(env_.random.below(half + 1));
  }
  if (backoff.count() > 0) env_.log.info("the outbox is published again");
  backoff = std::chrono::milliseconds(0);
  if (outcome.value() > 0) return backoff;
  return sweep / 2 + std::chrono::milliseconds(env_.random.below(static_cast<std::uint32_t>(sweep.count())));
}

base::Task<base::Result<int>> Relay::publish_once() {
  if (!stream_known_) {
    broker::Stream stream{stream_name(env_.config.name), {subject(env_.config.name, ">")}};
    CO_TRY(co_await broker_.ensure_stream(env_.clock.monotonic() + broker_patience, std::move(stream)));
    stream_known_ = true;
  }
  std::function<base::Result<std::vector<Row>>(db::Transaction&)> select =
      [](db::Transaction& tx) -> base::Result<std::vector<Row>> {
    TRY(const auto found, tx.exec(select_sql, {std::int64_t{batch}}));
    std::vector<Row> rows;
    for (const auto& row : found.rows) {
      broker::Message message{row.text(2), row.text(1), {}, row.text(6)};
      message.headers.add("Content-Type", "application/cloudevents+json");
      message.headers.add("traceparent", row.text(3));
      if (!row.text(4).empty()) message.headers.add("tracestate", row.text(4));
      message.headers.add("X-Request-Id", row.text(5));
      rows.push_back({row.integer(0), std::move(message)});
    }
    return rows;
  };
  CO_TRY(auto rows, co_await database_.read(env_.clock.monotonic() + database_patience, std::move(select)));
  if (rows.empty()) co_return 0;

  std::vector<broker::Message> messages;
  for (auto& row : rows) messages.push_back(std::move(row.message));
  const auto answers = co_await broker_.publish(env_.clock.monotonic() + broker_patience, std::move(messages));
  std::vector<std::int64_t> sent;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (answers[i]) sent.push_back(rows[i].id);
  }
  const int count = static_cast<int>(sent.size());
  if (count > 0) {
    CO_TRY(co_await mark_sent(std::move(sent)));
    env_.metrics.count("outbox_published_total", "Events acknowledged by the broker", {}, count);
  }
  for (const auto& answer : answers) {
    if (!answer) {
      stream_known_ = false;  // the broker may have come back without it
      co_return answer.error();
    }
  }
  co_return count;
}

base::Task<base::Result<void>> Relay::mark_sent(std::vector<std::int64_t> ids) {
  const std::string now = base::to_rfc3339(env_.clock.wall());
  db::Work mark = [ids = std::move(ids), now](db::Transaction& tx) -> base::Result<void> {
    for (const auto id : ids) {
      TRY(tx.exec("UPDATE outbox SET sent_at = $1 WHERE id = $2", {now, id}));
    }
    return base::success();
  };
  co_return co_await database_.write(env_.clock.monotonic() + database_patience, std::move(mark));
}

}  // namespace chassis::outbox
