#pragma once
// The connection to NATS: the library's handles, its callbacks and the rule for when they have ended.
// Thread-safe; connect() and the calls that say so block. Internal to broker/nats.

#include <nats/nats.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/chassis/broker/broker.hpp"
#include "services/chassis/broker/errors.hpp"
#include "services/chassis/broker/outstanding.hpp"

namespace chassis::broker {

class Pull;

base::Result<void> check(natsStatus status);
// At least 1 and at most a minute; or late().
base::Result<std::int64_t> milliseconds_left(base::Monotonic deadline);

// For the library's calls of JetStream; `options` has their time-out.
struct JetStream {
  jsOptions options;
  std::unique_ptr<jsCtx, void (*)(jsCtx*)> context;
};

class Connection {
 public:
  explicit Connection(std::string url) : url_(std::move(url)) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;

  // Blocks for one try of at most 2 s; the library goes on trying when nobody listened. Errors: unavailable.
  base::Result<void> connect();
  // May block up to the write deadline of 2 s when the peer takes nothing. The answer comes through outstanding().
  // When it is quiet none will.
  void send(std::uint64_t id, const Message& message, bool is_quiet = false);
  // Sends what is buffered. Without it the library would wait a millisecond for more.
  void push();
  // These block until the deadline at most.
  base::Result<void> ensure_stream(base::Monotonic deadline, const Stream& stream);
  base::Result<std::uint64_t> last_sequence(base::Monotonic deadline, const std::string& stream);
  base::Result<std::vector<std::string>> subjects(base::Monotonic deadline, const std::string& pattern);
  base::Result<void> ping(base::Monotonic deadline);
  std::uint64_t connections() const;
  // Makes the subscription's durable consumer when it is missing; the stream that it is on.
  base::Result<std::string> ensure_durable(base::Monotonic deadline, const Subscription& subscription);

  // To be told when the connection is lost.
  void on_loss(std::weak_ptr<Pull> pull);
  // After a check that it is connected.
  natsConnection* handle() const { return connection_; }

  // Answers what is outstanding as cancelled and waits until the library's threads have left. Not beside other calls.
  void close();

  base::Result<void> check_connected() const;
  Outstanding& outstanding() { return outstanding_; }

 private:
  // Errors: unavailable, when it is not connected; late().
  base::Result<JetStream> jet_stream(base::Monotonic deadline) const;

  enum class Phase : std::uint8_t { none, running, ended };

  void begin(Phase& phase);
  void end(Phase& phase);
  void receive(natsMsg* message);
  base::Result<void> subscribe();
  void lose();
  natsOptions* make_options();
  static void on_ack(natsConnection* nc, natsSubscription* sub, natsMsg* message, void* self);

  std::string url_;
  std::string inbox_;  // `_INBOX.<id>.`, what follows is the message's id
  std::atomic<natsConnection*> connection_ = nullptr;
  natsSubscription* acks_ = nullptr;
  Outstanding outstanding_;
  std::mutex pulls_mutex_;
  std::vector<std::weak_ptr<Pull>> pulls_;
  std::mutex mutex_;
  std::condition_variable ended_;
  Phase callbacks_ = Phase::none;   // the connection's
  Phase deliveries_ = Phase::none;  // the subscription's
};

}  // namespace chassis::broker
