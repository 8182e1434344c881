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
// two is handled again. So a handler is idempotent, by the event's id or by the state it leads to. Each type has a
// place of its own in the stream, kept by the broker under `<service>-<type>` and shared by all instances of the
// service. Of one aggregate (the event's subject) one event of a type is handled at a time, in the order of the stream;
// one that failed comes again after younger ones. Between types there is no order.
//
// What fails is delivered again after 1 s, 2 s, 4 s … up to 60 s (half of it random). After `max_deliveries`, or at
// once when the handler (or reading the event) says malformed or invalid, it is parked: a copy goes to the stream
// `<SERVICE>-PARKED` under `<service>.parked.<type>`, with the reason in the headers Parked-Reason and Parked-Subject,
// and the consumer goes on. Each failure and each parking is logged with subject, id and attempt, never with the data.
//
// At shutdown it stops pulling first, gives back what it had not begun, and finishes what it had.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <google/protobuf/message.h>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/broker/broker.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/env/environment.hpp"

namespace chassis {

namespace consumer {

// CloudEvents 1.0 attributes (docs/events.md) and how it came here.
struct Event {
  std::string id;
  std::string type;
  std::string source;
  std::string subject;      // the aggregate
  std::string time;         // RFC 3339
  std::string data_schema;  // name and version of the form of its data
  int attempt = 1;          // 2 when it was delivered once before
};

struct Options {
  std::size_t batch = 100;          // messages pulled at once
  std::size_t max_in_flight = 100;  // of one type in this process: pulled and not settled yet
  int max_deliveries = 5;           // attempts until an event is parked
  // A handler that takes longer runs beside its own repetition; its context's deadline is a tenth before that.
  std::chrono::milliseconds ack_wait{30'000};
};

class Pump;

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

  // Consumes until shutdown is requested. Spawn it once. A broker that is away only delays events.
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

  Environment& env_;
  broker::Broker& broker_;
  consumer::Options options_;
  std::vector<std::unique_ptr<consumer::Pump>> pumps_;  // one a type
};

}  // namespace chassis
