#pragma once
// The broker port: durable publication with a positive answer per message. Thread-safe.
// (Consuming joins the port when the first consumer does.)

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
};

struct Stream {
  std::string name;                   // upper-case letters, digits, '-' and '_'
  std::vector<std::string> subjects;  // `order-service.events.>`
};

class Broker {
 public:
  virtual ~Broker() = default;
  // Creates the stream when it is missing, durable on disk. Errors: unavailable, timeout.
  virtual base::Task<base::Result<void>> ensure_stream(base::Monotonic deadline, Stream stream) = 0;
  // Publishes all at once and waits for each answer: one result a message, in the order given. Success means that the
  // broker has stored it. Errors of each: unavailable or timeout (it may have been stored all the
  // same), too_large.
  virtual base::Task<std::vector<base::Result<void>>> publish(base::Monotonic deadline,
                                                              std::vector<Message> messages) = 0;
  // Errors: unavailable.
  virtual base::Task<base::Result<void>> ping(base::Monotonic deadline) = 0;
};

// Connects in the background and keeps trying with capped back-off for ever; a broker that is down at start is no
// error. URL: `nats://127.0.0.1:4222`.
class Brokers {
 public:
  virtual ~Brokers() = default;
  virtual base::Result<std::unique_ptr<Broker>> connect(const std::string& url) = 0;
};

}  // namespace chassis::broker
