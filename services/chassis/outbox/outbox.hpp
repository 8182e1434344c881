#pragma once
// The transactional outbox: an event is a row written in the business transaction, and a relay publishes rows after
// commit. What was committed is published at least once, whatever dies when; the event's id lets the receiver drop a
// repetition. Events of one aggregate go out in the order of their commits.
// (The pattern is Richardson's "Transactional outbox"; the sweep beside the wake-up makes a lost wake-up harmless.)
//
// What the broker will never take is parked after some tries; later events of its aggregate wait until an operator has
// it sent again or drops it, while others flow. What the broker has lost is sent again, with the same ids.
// The tables are those of table.hpp.

#include <chrono>
#include <memory>
#include <string>

#include "base/json.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/chassis/event_schema/event_schema.hpp"

namespace chassis::outbox {

class Store;

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

// Adds the event to the transaction. The trace goes with it, so that the consumer continues the caller's trace.
base::Result<void> append(db::Transaction& tx, const std::string& service, const Event& event,
                          const CallContext& context);
// The same, but what the event's own schema refuses is not added, nor an event that names the schema of another type.
// Errors: internal then, a defect of the service: data that came from outside was checked before.
base::Result<void> append(db::Transaction& tx, const std::string& service, const Event& event,
                          const CallContext& context, const EventSchemas& schemas);

struct RelayOptions {
  int refusals_until_parked = 5;                // of what the broker will never take, with growing pauses between
  std::chrono::hours retention{7 * 24};         // sent rows are kept for so long, to be sent again when they are lost
  std::chrono::milliseconds takeover{3'000};    // another relay that does nothing for so long is dead
  std::chrono::milliseconds look_after{5'000};  // gauges are renewed, and the end of the broker's stream is looked at
  std::chrono::milliseconds reap_every{60'000};
};

// Publishes what waits. Any number of them may run on one database: the one that has the lease works, another takes it
// over when that one is dead. Order within an aggregate does not depend on the lease: whoever publishes, a row is
// stored only behind the one before it.
class Relay {
 public:
  // `service` names the stream and its subjects: `<service>.events.<type>`. Borrows all arguments.
  Relay(Environment& env, db::Database& database, broker::Broker& broker, RelayOptions options = {});
  ~Relay();

  // Publishes until shutdown is requested. Spawn it once.
  base::Task<> run();
  // Call after a commit that appended: publishes now instead of at the next sweep. Thread-safe.
  void wake();

  // For the operator: {"unsent", "oldest_unsent_age_s", "parked", "last_sent_at", "relay", "last_sequence",
  // "parked_events"} for null; {"rows": n} for {"replay": {"event": ID}}, {"replay": {"since": TIME}},
  // {"replay": {"parked": true}}, {"replay": {"all": true}}, {"drop": ID}. Errors: malformed, not_found.
  base::Task<base::Result<base::Json>> operate(base::Json request);

  static constexpr std::chrono::milliseconds sweep{100};          // when no wake-up comes; jittered by half
  static constexpr std::chrono::milliseconds backoff_cap{5'000};  // between attempts while the broker is away
  static constexpr int batch = 512;                               // rows read at once

 private:
  class Rounds;
  class Pipeline;
  class Housekeeping;

  std::chrono::milliseconds pause(const base::Result<int>& outcome, std::chrono::milliseconds& backoff);

  Environment& env_;
  const RelayOptions options_;
  std::unique_ptr<Signal> signal_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Rounds> rounds_;
  std::unique_ptr<Housekeeping> housekeeping_;
};

// Of the stream that base::stream_name() names.
std::string subject(const std::string& service, const std::string& type);

}  // namespace chassis::outbox
