#pragma once
// The broker port: durable publication with a positive answer per message, and durable subscriptions that are pulled
// and settled message by message. Thread-safe. Services consume through chassis/consumer, which is made of this.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace chassis::broker {

struct Message {
  std::string subject;          // `<service>.events.<type>`
  std::string id;               // the broker may drop a second message of one id; that is only an optimisation
  base::http::Headers headers;  // trace context, content type
  std::string body;
  // Unless empty, the message is stored only directly behind the one of this id, as the stream's newest. So many may be
  // on their way at once, and when one is not stored, none that follows it is.
  std::string after = {};
  // It needs no answer of its own: the next one of the call names it and answers for both, which saves an answer a
  // message. It counts as stored only when that is beyond doubt.
  bool is_quiet = false;
};

// Where a message stands in its stream.
struct Stored {
  std::uint64_t sequence = 0;  // grows from message to message of a stream, with or without gaps
  bool is_repetition = false;  // a message of this id was there already: the sequence is that one's
};

struct Stream {
  std::string name;                   // upper-case letters, digits, '-' and '_'
  std::vector<std::string> subjects;  // `order-service.events.>`
};

// Where a consumer stands in a stream, kept by the broker under the name `durable`: it outlives connections and the
// broker's own restart. A new one begins with the oldest message that the stream holds. Subscriptions of one name share
// the messages among them, each going to one.
struct Subscription {
  std::string durable;                         // letters, digits, '-' and '_'; one subject and stream for good
  std::string subject;                         // may have wildcards: `*.events.order.placed`
  std::string stream = {};                     // empty: the stream that takes the subject; if several, any one of them
  std::chrono::milliseconds ack_wait{30'000};  // a message that is not settled by then is delivered again
  int max_unsettled = 1'000;                   // delivered and not settled, over all that share the name
};

// One message as it was delivered this time.
struct Delivery {
  Message message;
  int attempt = 1;            // 2 when it had been delivered once before
  std::uint64_t waiting = 0;  // messages behind it that were not delivered yet: the lag
  std::string handle;         // the broker's, for settling it
};

// A durable subscription, pulled. At least once: a delivery counts as done only by done(). One fetch() at a time.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // Waits for a message and returns what there is, at most `at_most`; empty when none came before the deadline. Makes
  // the durable when it is missing. Errors: unavailable (not connected, no such stream yet: try again), cancelled after
  // stop().
  virtual base::Task<base::Result<std::vector<Delivery>>> fetch(base::Monotonic deadline, std::size_t at_most) = 0;
  // Settle a delivery; each waits until the broker has confirmed it. On error the message may come again.
  // Errors: unavailable, timeout.
  virtual base::Task<base::Result<void>> done(base::Monotonic deadline, const Delivery& delivery) = 0;
  virtual base::Task<base::Result<void>> again(base::Monotonic deadline, const Delivery& delivery,
                                               std::chrono::milliseconds delay) = 0;  // delivers it again after that
  virtual base::Task<base::Result<void>> drop(base::Monotonic deadline, const Delivery& delivery) = 0;  // never again
  // Not settled yet: its ack_wait begins anew, which counts as no delivery.
  virtual base::Task<base::Result<void>> extend(base::Monotonic deadline, const Delivery& delivery) = 0;
  // No more messages are pulled; a waiting fetch() ends at once as cancelled, and what had come for it is given back.
  // What was fetched can still be settled.
  virtual void stop() = 0;
};

class Broker {
 public:
  virtual ~Broker() = default;
  // Creates the stream when it is missing, durable on disk. Errors: unavailable, timeout.
  virtual base::Task<base::Result<void>> ensure_stream(base::Monotonic deadline, Stream stream) = 0;
  // Sequence of the newest message that the stream has ever held, 0 when it never held one. When it is lower than what
  // was acknowledged, the broker has lost its end. Errors: not_found (no such stream), unavailable, timeout.
  virtual base::Task<base::Result<std::uint64_t>> last_sequence(base::Monotonic deadline, std::string stream) = 0;
  // What streams take of the pattern's subjects, a part each, which has a wildcard where that of the stream has one,
  // too: of `*.events.order.placed` a stream of `shop.events.>` takes `shop.events.order.placed`. In the order of the
  // text. Errors: unavailable, timeout.
  virtual base::Task<base::Result<std::vector<std::string>>> subjects(base::Monotonic deadline,
                                                                      std::string pattern) = 0;
  // A number that changes whenever it has connected anew: only then can the broker have lost what it had acknowledged.
  virtual std::uint64_t connections() const { return 0; }
  // Publishes all at once and waits for each answer: one result a message, in the order given. Success means that the
  // broker has stored it. What several calls publish is sent in the order of the calls. Errors of each: unavailable or
  // timeout (it may have been stored all the same); conflict when another message than `after` is the newest; too_large
  // and invalid when the broker will never take it. A repetition is one whatever `after` says. Of a quiet message
  // conflict may also mean that nothing is known; sent again and not quiet, it has an answer.
  virtual base::Task<std::vector<base::Result<Stored>>> publish(base::Monotonic deadline,
                                                                std::vector<Message> messages) = 0;
  // Needs no connection yet. The Broker outlives it.
  virtual std::unique_ptr<Subscriber> subscribe(Subscription subscription) = 0;
  // Errors: unavailable.
  virtual base::Task<base::Result<void>> ping(base::Monotonic deadline) = 0;
};

// Connects in the background and keeps trying with capped back-off for ever; a broker that is down at start is no
// error. URL: `nats://127.0.0.1:4222` or `redis://127.0.0.1:6379`.
class Brokers {
 public:
  virtual ~Brokers() = default;
  virtual base::Result<std::unique_ptr<Broker>> connect(const std::string& url) = 0;
};

}  // namespace chassis::broker
