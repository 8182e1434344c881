#pragma once
// What a service does when it hears of an event. Handlers are named by type; the rest is done here: durable
// subscriptions, several messages in flight, retries with a growing delay, and parking what cannot be handled.
//
//   chassis::Consumer consumer(env, *broker);
//   consumer.on("order.placed", app, handle_order_placed);
//   env.scheduler.spawn(consumer.run());
//
// where `handle_order_placed` is a function of the message that the event's data is, or of base::Json:
//
//   Task<Result<void>> handle_order_placed(App&, CallContext, consumer::Event, order::v1::OrderPlaced);
//
// An event is handled at least once: success is told to the broker only after the handler, and what falls between the
// two comes again. With a ledger (remember_in) its effect is there once all the same: the handler's transaction calls
// ledger::keep(tx, context), and an event that was kept is passed over when it comes again. Without one, a handler is
// idempotent by the state it leads to. Each type has a
// place of its own in the stream, kept by the broker under `<service>-<type>-from-<publisher>` and shared by all
// instances of the service. Of one aggregate (the event's subject) one event of a type is handled at a time, in the
// order of the stream; one that failed comes again after younger ones. Between types there is no order.
//
// A handler that says unavailable, timeout, bad_gateway or cancelled says "not now": what it needs is away, its own
// database or a service that it calls. That costs no attempt. The event stays in this process, which tells the broker
// so, and nothing is parked for it, however long it lasts: one event at a time is tried until one is handled, after
// pauses of up to 5 s (all of it random). One that is told so alone is tried again after up to 1 s, 2 s, 4 s … 60 s,
// and parked after `max_alone` in which others were handled.
//
// What fails otherwise is delivered again after 1 s, 2 s, 4 s … up to 60 s (half of it random). After `max_deliveries`,
// or at once when the handler (or reading the event) says malformed or invalid, it is parked: a copy goes to the stream
// `<SERVICE>-PARKED` under `<service>.parked.<type>`, with the reason in the headers Parked-Reason and Parked-Subject,
// and the consumer goes on. A delivery that a process did not live to settle counts as one that failed. `msctl dlq
// replay` puts it under `<service>.replay.<type>`, from where this service alone handles it again. Each failure and
// each parking is logged with subject, id and attempt, never with the data.
//
// With check_with(), data is validated before a handler reads it, and parked with the fields at fault when its schema
// refuses it. An event of a newer version than any that is known is quarantined, whatever is in it: a copy goes under
// `<service>.quarantined.<type>` of the same stream, from where `msctl dlq replay` brings it back once the service was
// upgraded. schema_check.hpp has the whole table.
//
// Whom it hears is what the cluster's files say (Config::publishers). Where they name nobody, it looks every few
// seconds which streams take the type, and hears them all but the service's own.
//
// At shutdown it stops pulling first, gives back what it had not begun, and finishes what it had.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <google/protobuf/message.h>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/broker/broker.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/consumer/schema_check.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/chassis/ledger/ledger.hpp"

namespace chassis {

namespace consumer {

// CloudEvents 1.0 attributes (docs/events.md) and how it came here.
struct Event {
  std::string id;
  std::string type;
  std::string source;
  std::string subject;      // the aggregate
  std::string time;         // RFC 3339
  std::string data_schema;  // name and version of the form of its data, after upcasters
  int attempt = 1;          // 2 when it was delivered once before; "not now" does not count
};

struct Options {
  std::size_t batch = 100;          // messages pulled at once
  std::size_t max_in_flight = 100;  // of one type in this process: pulled and not settled yet
  int max_deliveries = 5;           // until an event is parked
  // A handler that takes longer runs beside its own repetition; its context's deadline is a tenth before that.
  std::chrono::milliseconds ack_wait{30'000};
  // For how long an event may be told "not now" while others are handled, until it is parked.
  std::chrono::minutes max_alone{24 * 60};
  // How long an event is known that was handled: longer than the broker may deliver it again.
  std::chrono::hours remember_for{24 * 30};
  Ledger* ledger = nullptr;            // set by Consumer::remember_in()
  const SchemaCheck* check = nullptr;  // set by Consumer
};

class Pump;
struct Source;

}  // namespace consumer

class Consumer {
 public:
  // `data` is a protobuf message in the JSON form of the REST API (unknown fields are passed over, so that a producer
  // may add some), or base::Json.
  template <class App, class Data>
  using Handler = base::Task<base::Result<void>> (*)(App&, CallContext, consumer::Event, Data);

  // `env` and `broker` are lent for its life.
  Consumer(Environment& env, broker::Broker& broker, consumer::Options options = {});
  ~Consumer();
  Consumer(const Consumer&) = delete;

  // Before run(), once a type. Events of `type` (`order.placed`) of whichever service publishes it; `app` is lent.
  template <class App, class Data>
  void on(const std::string& type, App& app, Handler<App, Data> handler) {
    add(type, [&app, handler](CallContext context, consumer::Event event, const base::Json& data) {
      return invoke(app, handler, std::move(context), std::move(event), data);
    });
  }

  // Before the first on(): events are remembered there; lent.
  void remember_in(Ledger& ledger) { options_.ledger = &ledger; }

  // Before the first on(): what msctl_consumes() compiled in; lent. Every type that is consumed must have a schema
  // then.
  void check_with(const EventSchemas& schemas) { check_.know(schemas); }
  // Before start(): data of version `from` as data of the next one. Chained up to the newest version that is known, so
  // that a handler reads that one only; then each older version that is known must have one.
  void upcast(const std::string& type, int from, consumer::Upcaster upcaster) {
    check_.upcast(type, from, std::move(upcaster));
  }

  // Consumes in the background until shutdown is requested. Once. A broker that is away only delays events. Errors:
  // invalid, in one sentence, when schemas and upcasters do not fit together.
  base::Result<void> start();
  // The same as a task to be spawned, for a consumer without schemas: with them, an error ends the process.
  base::Task<> run();

 private:
  using Invoke = std::function<base::Task<base::Result<void>>(CallContext, consumer::Event, const base::Json&)>;

  template <class App, class Data>
  static base::Task<base::Result<void>> invoke(App& app, Handler<App, Data> handler, CallContext context,
                                               consumer::Event event, base::Json data) {
    if constexpr (std::is_same_v<Data, base::Json>) {
      co_return co_await handler(app, std::move(context), std::move(event), std::move(data));
    } else {
      Data message;
      CO_TRY(read(data, message));
      co_return co_await handler(app, std::move(context), std::move(event), std::move(message));
    }
  }
  static base::Result<void> read(const base::Json& data, google::protobuf::Message& message);
  void add(const std::string& type, Invoke invoke);
  void hear(const std::string& type, const consumer::Source& source, const Invoke& invoke);
  base::Task<> look_for_publishers();
  std::vector<consumer::Pump*> pumps_of_streams(const std::string& type, const std::vector<std::string>& subjects);

  Environment& env_;
  broker::Broker& broker_;
  consumer::Options options_;
  consumer::SchemaCheck check_;
  std::set<std::string> types_;
  std::vector<std::unique_ptr<consumer::Pump>> pumps_;  // one a type and publisher, and one for its replays
  std::map<std::string, Invoke> undeclared_;            // types of which nobody says to publish them
  std::set<std::string> heard_;                         // subjects of these that have a pump
};

}  // namespace chassis
