#pragma once
// The peer: NATS's client library alone with messages like those of the outbox, on a stream of its own in the same
// server. One thread uses it.

#include <nats/nats.h>

#include <string>

namespace bench {

class Raw {
 public:
  // `body` of each message. Ends the program when it cannot connect, as all of its calls do when they fail.
  Raw(const std::string& url, std::string body);
  ~Raw();
  Raw(const Raw&) = delete;

  // Publishes as fast as the library does and waits until all are acknowledged.
  void publish(int events);
  // From a publication until its acknowledgement.
  double publish_one_ms();
  // From a publication until another connection has received it, pushed to a durable consumer. Acknowledged, too.
  double deliver_one_ms();

 private:
  natsMsg* make(const char* subject);

  const std::string body_;
  natsConnection* connection_ = nullptr;
  natsConnection* receiving_ = nullptr;
  jsCtx* context_ = nullptr;
  jsCtx* receiving_context_ = nullptr;
  natsSubscription* subscription_ = nullptr;
  int next_ = 0;
};

}  // namespace bench
