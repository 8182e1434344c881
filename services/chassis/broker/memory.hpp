#pragma once
// A broker in memory, for tests: every connection sees the same streams. It can be taken down, or made to swallow
// messages without an answer. Thread-safe. Nothing waits: where the real broker would keep its caller until the
// deadline, the answer is timeout at once.

#include <memory>
#include <string>
#include <vector>

#include "services/chassis/broker/broker.hpp"

namespace chassis::broker {

class MemoryBrokers final : public Brokers {
 public:
  enum class Health : std::uint8_t {
    up,
    down,    // nobody listens: unavailable
    silent,  // takes messages, stores none and never answers: timeout
  };

  explicit MemoryBrokers(const base::Clock& clock);
  ~MemoryBrokers() override;

  base::Result<std::unique_ptr<Broker>> connect(const std::string& url) override;

  void set(Health health);
  // What a stream holds, oldest first; empty for an unknown stream.
  std::vector<Message> stored(const std::string& stream) const;

  // As after a power loss: only the first `kept` messages of the stream are left; with 0 there is no such stream.
  void lose(const std::string& stream, std::size_t kept);

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace chassis::broker
