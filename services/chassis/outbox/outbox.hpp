#pragma once
// The transactional outbox: an event is a row written in the business transaction, and a relay publishes rows after
// commit. What was committed is published at least once, whatever dies when; the event's id lets the receiver drop a
// repetition. Events of one aggregate go out in the order of their commits.
// (The pattern is Richardson's "Transactional outbox"; the sweep beside the wake-up makes a lost wake-up harmless.)

#include <string>

#include "base/json.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/chassis/event_schema/event_schema.hpp"

namespace chassis::outbox {

// CloudEvents 1.0 attributes (https://cloudevents.io) and data.
struct Event {
  std::string id;           // UUIDv7
  std::string type;         // `order.placed`
  std::string source;       // `/order-service`
  std::string subject;      // the aggregate: order within it is kept
  std::string time;         // RFC 3339
  std::string data_schema;  // URI of the schema of `data`
  base::Json data;
};

// The table as SQL, to be copied into a migration of the service: NNN_outbox.sql.
std::string_view table_sql();

// Adds the event to the transaction. The trace goes with it, so that the consumer continues the caller's trace.
base::Result<void> append(db::Transaction& tx, const std::string& service, const Event& event,
                          const CallContext& context);
// The same, but what the event's own schema refuses is not added. Errors: internal then, a defect of the service: data
// that came from outside was checked before.
base::Result<void> append(db::Transaction& tx, const std::string& service, const Event& event,
                          const CallContext& context, const EventSchemas& schemas);

class Relay {
 public:
  // `service` names the stream and its subjects: `<service>.events.<type>`. Borrows all arguments.
  Relay(Environment& env, db::Database& database, broker::Broker& broker);

  // Publishes until shutdown is requested. Spawn it once.
  base::Task<> run();
  // Call after a commit that appended: publishes now instead of at the next sweep. Thread-safe.
  void wake();

  static constexpr std::chrono::milliseconds sweep{100};          // when no wake-up comes; jittered by half
  static constexpr std::chrono::milliseconds backoff_cap{5'000};  // between attempts while the broker is away
  static constexpr int batch = 256;

 private:
  struct Row;
  base::Task<base::Result<int>> publish_once();
  base::Task<base::Result<void>> mark_sent(std::vector<std::int64_t> ids);
  std::chrono::milliseconds pause(base::Result<int>& outcome, std::chrono::milliseconds& backoff);

  Environment& env_;
  db::Database& database_;
  broker::Broker& broker_;
  std::unique_ptr<Signal> signal_;
  bool stream_known_ = false;
};

// Name of the service's stream: ORDER-SERVICE.
std::string stream_name(const std::string& service);
std::string subject(const std::string& service, const std::string& type);

}  // namespace chassis::outbox
