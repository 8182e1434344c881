#pragma once
// What is pulled for one durable subscription: messages as the library's thread brings them, on their way to the one
// fetch that waits for them. Thread-safe. Internal to broker/nats.

#include <nats/nats.h>

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/resume.hpp"
#include "services/chassis/broker/broker.hpp"
#include "services/chassis/broker/nats/connection.hpp"

namespace chassis::broker {

using Deliveries = base::Result<std::vector<Delivery>>;

class Pull : public std::enable_shared_from_this<Pull> {
 public:
  explicit Pull(Subscription subscription) : subscription_(std::move(subscription)) {}
  ~Pull();
  Pull(const Pull&) = delete;

  // Answers at once when there are messages, else when one comes; request() is needed then. One at a time.
  void wait(std::size_t at_most, base::Resume<Deliveries> resume);
  // Asks the broker for messages unless it was asked already, after making the durable if need be. Blocks until the
  // deadline at most, on the broker's thread. What fails is told to who waits.
  void request(Connection& connection, base::Monotonic deadline);
  // Who waits gets what there is, or the error.
  void answer();
  void fail(const base::Error& error);
  // The connection was lost, and with it what was asked; the next one may be to a broker that came back empty.
  void lost(const base::Error& error);

  // No more messages: who waits is answered as cancelled. close() on the broker's thread gives back what had come.
  void stop();
  void close(Connection& connection);

 private:
  base::Result<void> prepare(Connection& connection, base::Monotonic deadline);
  base::Result<void> subscribe(Connection& connection);
  base::Result<void> ask(Connection& connection, base::Monotonic deadline);
  void receive(natsConnection* connection, natsMsg* message);
  void receive_status(natsMsg* message, const std::string& status);
  // With the lock held: before the next request the durable is made if need be.
  void forget_durable();
  // With the lock held, which it gives back.
  void resume(std::unique_lock<std::mutex> lock, Deliveries deliveries);
  std::vector<Delivery> take();

  const Subscription subscription_;
  // On the broker's thread only.
  natsSubscription* handle_ = nullptr;
  std::string inbox_;

  std::mutex mutex_;
  std::string requests_;  // subject for asking; empty until the durable is known to exist
  std::deque<Delivery> arrived_;
  std::size_t at_most_ = 0;
  base::Resume<Deliveries> waiter_;  // empty: nobody waits
  std::size_t asked_ = 0;            // messages that may still come for the last request
  base::Monotonic asked_until_{};
  bool stopped_ = false;
};

}  // namespace chassis::broker
