#pragma once
// A broker that also keeps the last messages it was given, for the test-only door of chassis/api: a message contract
// is checked against what was really published. Thread-safe.

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "services/chassis/broker/broker.hpp"

namespace chassis::broker {

// What was published and acknowledged, oldest first; only the newest `kept` are held.
class Published {
 public:
  static constexpr std::size_t kept = 256;

  void add(Message message);
  // How many there have ever been.
  std::uint64_t count() const;
  // Those that came after the first `count`, as far as they are held.
  std::vector<Message> after(std::uint64_t count) const;

 private:
  mutable std::mutex mutex_;
  std::deque<Message> messages_;
  std::uint64_t count_ = 0;
};

class RecordingBrokers final : public Brokers {
 public:
  // Both outlive all brokers that are made.
  RecordingBrokers(Brokers& inner, Published& published) : inner_(inner), published_(published) {}
  base::Result<std::unique_ptr<Broker>> connect(const std::string& url) override;

 private:
  Brokers& inner_;
  Published& published_;
};

}  // namespace chassis::broker
