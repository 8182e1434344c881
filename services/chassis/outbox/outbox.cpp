#include "services/chassis/outbox/outbox.hpp"

#include "base/schema_name.hpp"

namespace chassis::outbox {
namespace {

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

std::string subject(const std::string& service, const std::string& type) { return service + ".events." + type; }

base::Result<void> append(db::Transaction& tx, const std::string& service, const Event& event,
                          const CallContext& context) {
  TRY(const auto added, tx.exec("INSERT INTO outbox_event (event_id, aggregate, subject, traceparent, tracestate, "
                                "request_id, body, created_at)"
                                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
                                {event.id, event.subject, subject(service, event.type), context.trace.traceparent(),
                                 context.trace.tracestate, context.request_id,
                                 base::dump_json(cloud_event(event, context)), event.time}));
  TRY(tx.exec("INSERT INTO outbox_queue (id, aggregate) VALUES ($1, $2)",
              {added.rows.at(0).integer(0), event.subject}));
  return base::success();
}

base::Result<void> append(db::Transaction& tx, const std::string& service, const Event& event,
                          const CallContext& context, const EventSchemas& schemas) {
  const auto refused = [&event](const std::string& why) {
    return base::fail(base::ErrorCode::internal, event.type + " was not published: " + why);
  };
  const auto name = base::parse_schema_name(event.data_schema);
  if (!name || name->type != event.type) return refused("\"" + event.data_schema + "\" names no schema of its own");
  if (const auto good = schemas.check(event.data_schema, event.data); !good) {
    return refused("its schema refuses it: " + good.error().message);
  }
  return append(tx, service, event, context);
}

}  // namespace chassis::outbox
