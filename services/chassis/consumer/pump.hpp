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
#include "services/chassis/consumer/outage.hpp"
#include "services/chassis/consumer/parked.hpp"
#include "services/chassis/env/environment.hpp"

namespace chassis::consumer {

using Invoke = std::function<base::Task<base::Result<void>>(CallContext, Event, const base::Json&)>;

// Where a pump's events come from.
struct Source {
  std::string subject;     // may have wildcards
  std::string durable;     // the name under which the broker keeps the place in the stream
  bool is_replay = false;  // from the service's own parked ones
};

// `publisher` is "*" where one stream takes the type of all.
Source source_of(const std::string& service, const std::string& type, const std::string& publisher);
Source replay_of(const std::string& service, const std::string& type);

class Pump {
 public:
  Pump(Environment& env, broker::Broker& broker, const Options& options, std::string type, const Source& source,
       Invoke invoke);

  // Until shutdown is requested; what was begun then goes on in tasks of its own.
  base::Task<> run();

 private:
  // One delivery and what was read from it. It is shared with tasks that extend it.
  struct Item {
    broker::Delivery delivery;
    base::Monotonic deadline;  // when its handler must be done
    base::Result<base::Json> envelope = base::Json();
    Event event = {};
    Alone alone = {};
    bool waits = false;       // in untried_ or waiting_
    bool has_waited = false;  // it was there
    bool is_probe = false;    // tried to see whether an outage lasts
  };
  using ItemPtr = std::shared_ptr<Item>;

  base::Task<> stop_at_shutdown();
  std::size_t room() const;
  base::Task<base::Result<std::vector<broker::Delivery>>> fetch(base::Monotonic until, std::size_t at_most);
  base::Task<base::Result<void>> ensure_parked_stream();
  std::chrono::milliseconds pause(const base::Error& error, std::chrono::milliseconds& backoff);
  void begin(broker::Delivery delivery);
  void enter(ItemPtr item);
  void read(Item& item) const;
  base::Task<> work_off(std::string lane);
  base::Task<> work_on(ItemPtr item);
  base::Task<> handle(ItemPtr item);
  base::Result<int> version_of(const Item& item) const;
  base::Result<base::Json> understand(Item& item) const;
  base::Task<base::Result<void>> call(Item& item);
  base::Task<base::Result<void>> invoke_once(CallContext context, const Event& event, const base::Json& data);
  base::Task<base::Result<base::Json>> invoke_for_ledger(CallContext context, const Event& event,
                                                         const base::Json& data);
  base::Task<> fail(ItemPtr item, base::Error why);
  base::Task<> retry(const Item& item, const base::Error& why);
  // What waits (pump_waiting.cpp).
  base::Task<> go_on();
  base::Task<> put_off(ItemPtr item, base::Error why);
  void hold(Item& item);
  void wait_untried(ItemPtr item);
  void release();
  ItemPtr take_next();
  base::Monotonic next_release() const;
  void extend_all();
  base::Task<> extend(ItemPtr item);
  base::Task<> give_back(ItemPtr item);
  void leave(const Item& item);

  base::Task<> put_aside(Aside aside, const Item& item, const base::Error& why);
  base::Task<base::Result<void>> store_aside(Aside aside, const Item& item, const base::Error& why);

  std::chrono::milliseconds delay_after(int attempt) const;
  base::Json fields(const Item& item) const;
  void count(const std::string& outcome, double by = 1);
  void count_aside(Aside aside, double by);
  void in_flight(int change);
  void count_waiting(int change);
  base::Monotonic soon() const;

  Environment& env_;
  broker::Broker& broker_;
  const Options options_;
  const std::string type_;
  const std::string label_;  // of its metrics
  const bool is_replay_;
  const Invoke invoke_;
  std::unique_ptr<broker::Subscriber> subscriber_;
  std::unique_ptr<Signal> room_;  // set when a delivery is settled
  std::unique_ptr<Signal> stop_;
  std::size_t in_flight_ = 0;
  std::map<std::string, std::deque<ItemPtr>> lanes_;  // by aggregate: one is handled at a time
  Outage outage_;
  std::uint64_t handled_ = 0;                        // since the start
  std::deque<ItemPtr> untried_;                      // what an outage has overtaken
  std::multimap<base::Monotonic, ItemPtr> waiting_;  // what was put off, by when it may go on
  std::size_t not_settled_ = 0;                      // of what waits or has waited
  bool has_told_ = false;                            // that events wait
  std::unique_ptr<Signal> due_;                      // set when what waits may go on
  bool parked_stream_known_ = false;
};

}  // namespace chassis::consumer
