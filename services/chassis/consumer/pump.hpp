#pragma once
// The events of one type, from the broker through a handler to their settlement. Runs on the scheduler's thread, which
// is the one thread that touches it. Internal to consumer.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "services/chassis/broker/broker.hpp"
#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/env/environment.hpp"

namespace chassis::consumer {

using Invoke = std::function<base::Task<base::Result<void>>(CallContext, Event, const base::Json&)>;

class Pump {
 public:
  // `publisher` empty: whoever publishes it, as long as all of it goes to one stream.
  Pump(Environment& env, broker::Broker& broker, const Options& options, std::string type, std::string publisher,
       Invoke invoke);

  // Until shutdown is requested; what was begun then goes on in tasks of its own.
  base::Task<> run();

 private:
  // One delivery and what was read from it.
  struct Item {
    broker::Delivery delivery;
    base::Monotonic deadline;  // when its handler must be done
    base::Result<base::Json> envelope;
    Event event;
  };

  base::Task<> stop_at_shutdown();
  std::chrono::milliseconds pause(const base::Error& error, std::chrono::milliseconds& backoff);
  void begin(broker::Delivery delivery);
  Item read(broker::Delivery delivery) const;
  base::Task<> work_off(std::string lane);
  base::Task<> handle(Item item);
  base::Task<base::Result<void>> call(const Item& item);
  base::Task<> retry(const Item& item, const base::Error& why);
  base::Task<> park(const Item& item, const base::Error& why);
  base::Task<base::Result<void>> store_parked(const Item& item, const base::Error& why);

  bool is_hopeless(const Item& item, const base::Error& why) const;
  std::chrono::milliseconds delay_after(int attempt) const;
  base::Json fields(const Item& item) const;
  void count(const std::string& outcome);
  void in_flight(int change);
  base::Monotonic soon() const;

  Environment& env_;
  broker::Broker& broker_;
  const Options options_;
  const std::string type_;
  const Invoke invoke_;
  std::unique_ptr<broker::Subscriber> subscriber_;
  std::unique_ptr<Signal> room_;  // set when a delivery is settled
  std::unique_ptr<Signal> stop_;
  std::size_t in_flight_ = 0;
  std::map<std::string, std::deque<Item>> lanes_;  // by aggregate: one is handled at a time
  bool parked_stream_known_ = false;
};

}  // namespace chassis::consumer
