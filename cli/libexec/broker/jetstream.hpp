#pragma once
// JetStream as the commands need it, over one connection of the NATS library. Blocking; one thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/libexec/broker/arguments.hpp"

namespace broker {

class JetStream {
 public:
  // Errors of this and all below: unavailable (nobody answers, or not in time), not_found (no such stream), internal
  // (what the broker refused, in its words).
  static base::Result<JetStream> connect(const std::string& url, std::chrono::milliseconds timeout);
  JetStream(JetStream&&) noexcept;
  ~JetStream();

  base::Result<std::vector<base::Json>> streams();
  base::Result<base::Json> stream(const std::string& name);
  base::Result<std::vector<base::Json>> consumers(const std::string& stream);
  // Calls `each` with every message that the stream holds now and that `which` wants, in order; it returns whether to
  // go on. Leaves nothing behind at the broker.
  base::Result<void> read(const Arguments& which, const std::function<bool(const base::Json&)>& each);
  // Has the first message from `from_seq` on delivered twice to a durable pull consumer made for this: given back the
  // first time; taken by another subscription, as after a restart, and acknowledged the second time. Gives both
  // deliveries and what the consumer keeps in the end; the consumer is removed. Errors: also not_found, no such
  // message.
  base::Result<std::vector<base::Json>> redeliver(const Arguments& which);
  // The broker's acknowledgement. Errors: also not_found when no stream takes the subject.
  // Takes message `from_seq` out of the stream. Errors: also not_found, no such message.
  base::Result<base::Json> remove(const Arguments& which);
  base::Result<base::Json> publish(const Arguments& what, const std::string& body);
  // Publishes and takes away, in order, until one fails; `done` is told of each. Never takes away what could not be
  // published.
  base::Result<void> settle(const std::string& stream, const std::vector<Settling>& all,
                            const std::function<void(std::uint64_t)>& done);

 private:
  struct Handles;
  explicit JetStream(std::unique_ptr<Handles> handles);

  std::unique_ptr<Handles> handles_;
};

}  // namespace broker
