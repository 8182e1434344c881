#include "services/chassis/broker/memory.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

namespace chassis::broker {

using base::ErrorCode;
using base::Result;

struct MemoryBrokers::State {
  struct Entry {
    std::vector<std::string> subjects;
    std::vector<Message> messages;
    std::set<std::string> ids;
  };

  explicit State(const base::Clock& the_clock) : clock(the_clock) {}

  const base::Clock& clock;
  mutable std::mutex mutex;
  Health health = Health::up;
  std::map<std::string, Entry> streams;

  Entry* stream_of(std::string_view subject) {
    for (auto& [name, entry] : streams) {
      const auto takes = [&](const std::string& pattern) { return subject_matches(pattern, subject); };
      if (std::any_of(entry.subjects.begin(), entry.subjects.end(), takes)) return &entry;
    }
    return nullptr;
  }

  // Whether the broker answers at all. With the mutex held.
  Result<void> reachable(base::Monotonic deadline) const {
    if (deadline <= clock.monotonic()) return base::fail(ErrorCode::timeout, "the deadline has passed");
    if (health == Health::down) return base::fail(ErrorCode::unavailable, "broker: not connected");
    if (health == Health::silent) return base::fail(ErrorCode::timeout, "broker: no answer before the deadline");
    return base::success();
  }

  Result<void> store(base::Monotonic deadline, Message message) {
    const std::lock_guard lock(mutex);
    TRY(reachable(deadline));
    auto* stream = stream_of(message.subject);
    if (stream == nullptr) return base::fail(ErrorCode::unavailable, "broker: no stream takes " + message.subject);
    if (message.id.empty() || stream->ids.insert(message.id).second) stream->messages.push_back(std::move(message));
    return base::success();
  }
};

namespace {

class MemoryBroker final : public Broker {
 public:
  explicit MemoryBroker(std::shared_ptr<MemoryBrokers::State> state) : state_(std::move(state)) {}

  base::Task<Result<void>> ensure_stream(base::Monotonic deadline, Stream stream) override {
    const std::lock_guard lock(state_->mutex);
    CO_TRY(state_->reachable(deadline));
    state_->streams[stream.name].subjects = std::move(stream.subjects);
    co_return base::success();
  }

  base::Task<std::vector<Result<void>>> publish(base::Monotonic deadline, std::vector<Message> messages) override {
    std::vector<Result<void>> results;
    for (auto& message : messages) results.push_back(state_->store(deadline, std::move(message)));
    co_return results;
  }

  base::Task<Result<void>> ping(base::Monotonic deadline) override {
    const std::lock_guard lock(state_->mutex);
    if (!state_->reachable(deadline)) co_return base::fail(ErrorCode::unavailable, "broker: not connected");
    co_return base::success();
  }

 private:
  std::shared_ptr<MemoryBrokers::State> state_;
};

std::string_view next_token(std::string_view& rest) {
  const auto dot = std::min(rest.find('.'), rest.size());
  const auto token = rest.substr(0, dot);
  rest.remove_prefix(std::min(dot + 1, rest.size()));
  return token;
}

}  // namespace

MemoryBrokers::MemoryBrokers(const base::Clock& clock) : state_(std::make_shared<State>(clock)) {}
MemoryBrokers::~MemoryBrokers() = default;

Result<std::unique_ptr<Broker>> MemoryBrokers::connect(const std::string& /*url*/) {
  return std::unique_ptr<Broker>(std::make_unique<MemoryBroker>(state_));
}

void MemoryBrokers::set(Health health) {
  const std::lock_guard lock(state_->mutex);
  state_->health = health;
}

std::vector<Message> MemoryBrokers::stored(const std::string& stream) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->streams.find(stream);
  return found == state_->streams.end() ? std::vector<Message>() : found->second.messages;
}

bool subject_matches(std::string_view pattern, std::string_view subject) {
  while (!pattern.empty() && !subject.empty()) {
    const auto wanted = next_token(pattern);
    if (wanted == ">") return pattern.empty();
    const auto token = next_token(subject);
    if (wanted != "*" && wanted != token) return false;
  }
  return pattern.empty() && subject.empty();
}

}  // namespace chassis::broker
