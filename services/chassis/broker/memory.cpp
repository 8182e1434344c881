#include "services/chassis/broker/memory.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/subjects.hpp"
#include "services/chassis/broker/errors.hpp"

namespace chassis::broker {

using base::ErrorCode;
using base::Result;

struct MemoryBrokers::State {
  struct Unsettled {
    int attempts;
    base::Monotonic due;  // then it is delivered again
  };
  // Where a durable subscription stands.
  struct Place {
    std::size_t next = 0;  // index of the first message that was not looked at
    std::map<std::size_t, Unsettled> unsettled;
  };
  struct Entry {
    std::vector<std::string> subjects;
    std::vector<Message> messages;
    std::map<std::string, std::uint64_t> sequences;  // by id; 1 is the first message
    std::map<std::string, Place> places;             // by durable name
  };

  explicit State(const base::Clock& the_clock) : clock(the_clock) {}

  const base::Clock& clock;
  mutable std::mutex mutex;
  Health health = Health::up;
  std::uint64_t connections = 1;
  std::map<std::string, Entry> streams;

  Entry* stream_of(std::string_view subject) {
    for (auto& [name, entry] : streams) {
      const auto takes = [&](const std::string& pattern) {
        return base::subjects_in_both(pattern, subject).has_value();
      };
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

  Result<Stored> store(base::Monotonic deadline, Message message) {
    const std::lock_guard lock(mutex);
    TRY(reachable(deadline));
    auto* stream = stream_of(message.subject);
    if (stream == nullptr) return base::fail(ErrorCode::unavailable, "broker: no stream takes " + message.subject);
    const std::uint64_t next = stream->messages.size() + 1;
    if (!message.id.empty()) {
      const auto [known, is_new] = stream->sequences.emplace(message.id, next);
      if (!is_new) return Stored{known->second, true};
    }
    if (!message.after.empty() && (stream->messages.empty() || stream->messages.back().id != message.after)) {
      if (!message.id.empty()) stream->sequences.erase(message.id);
      return out_of_turn();
    }
    stream->messages.push_back(std::move(message));
    return Stored{next, false};
  }

  Result<Entry*> stream_for(const Subscription& wanted) {
    auto* found = stream_of(wanted.subject);
    if (const auto named = streams.find(wanted.stream); named != streams.end()) found = &named->second;
    if (found != nullptr) return found;
    return base::fail(ErrorCode::unavailable, "broker: no stream takes " + wanted.subject + " yet");
  }

  Result<std::vector<Delivery>> fetch(const Subscription& wanted, base::Monotonic deadline, std::size_t at_most) {
    const std::lock_guard lock(mutex);
    if (health == Health::silent) return std::vector<Delivery>();
    TRY(reachable(deadline));
    TRY(auto* stream, stream_for(wanted));
    auto& place = stream->places[wanted.durable];
    std::vector<Delivery> deliveries;
    const auto deliver = [&](std::size_t index, int attempt) {
      place.unsettled[index] = {attempt, clock.monotonic() + wanted.ack_wait};
      deliveries.push_back({stream->messages[index], attempt, 0, std::to_string(index)});
    };
    for (const auto& [index, unsettled] : place.unsettled) {
      if (deliveries.size() < at_most && unsettled.due <= clock.monotonic()) deliver(index, unsettled.attempts + 1);
    }
    const auto room = [&] { return place.unsettled.size() < static_cast<std::size_t>(wanted.max_unsettled); };
    for (; deliveries.size() < at_most && place.next < stream->messages.size() && room(); ++place.next) {
      if (base::subject_matches(wanted.subject, stream->messages[place.next].subject)) deliver(place.next, 1);
    }
    const auto waits = [&](const Message& message) { return base::subject_matches(wanted.subject, message.subject); };
    const auto behind = stream->messages.begin() + static_cast<std::ptrdiff_t>(place.next);
    const auto waiting = std::count_if(behind, stream->messages.end(), waits);
    for (auto& delivery : deliveries) delivery.waiting = static_cast<std::uint64_t>(waiting);
    return deliveries;
  }

  // `delay` empty: it is never delivered again.
  Result<void> settle(const Subscription& wanted, base::Monotonic deadline, const Delivery& delivery,
                      std::optional<std::chrono::milliseconds> delay) {
    const std::lock_guard lock(mutex);
    TRY(reachable(deadline));
    TRY(auto* stream, stream_for(wanted));
    auto& unsettled = stream->places[wanted.durable].unsettled;
    const auto found = unsettled.find(std::stoul(delivery.handle));
    if (found == unsettled.end()) return base::success();
    if (delay) {
      found->second.due = clock.monotonic() + *delay;
    } else {
      unsettled.erase(found);
    }
    return base::success();
  }
};

namespace {

class MemorySubscriber final : public Subscriber {
 public:
  MemorySubscriber(std::shared_ptr<MemoryBrokers::State> state, Subscription subscription)
      : state_(std::move(state)), subscription_(std::move(subscription)) {}

  base::Task<Result<std::vector<Delivery>>> fetch(base::Monotonic deadline, std::size_t at_most) override {
    if (stopped_) co_return base::fail(ErrorCode::cancelled, "broker: the subscription has ended");
    co_return state_->fetch(subscription_, deadline, at_most);
  }
  base::Task<Result<void>> done(base::Monotonic deadline, const Delivery& delivery) override {
    co_return state_->settle(subscription_, deadline, delivery, std::nullopt);
  }
  base::Task<Result<void>> again(base::Monotonic deadline, const Delivery& delivery,
                                 std::chrono::milliseconds delay) override {
    co_return state_->settle(subscription_, deadline, delivery, delay);
  }
  base::Task<Result<void>> drop(base::Monotonic deadline, const Delivery& delivery) override {
    co_return state_->settle(subscription_, deadline, delivery, std::nullopt);
  }
  base::Task<Result<void>> extend(base::Monotonic deadline, const Delivery& delivery) override {
    co_return state_->settle(subscription_, deadline, delivery, subscription_.ack_wait);
  }
  void stop() override { stopped_ = true; }

 private:
  std::shared_ptr<MemoryBrokers::State> state_;
  Subscription subscription_;
  std::atomic<bool> stopped_ = false;
};

class MemoryBroker final : public Broker {
 public:
  explicit MemoryBroker(std::shared_ptr<MemoryBrokers::State> state) : state_(std::move(state)) {}

  base::Task<Result<void>> ensure_stream(base::Monotonic deadline, Stream stream) override {
    const std::lock_guard lock(state_->mutex);
    CO_TRY(state_->reachable(deadline));
    state_->streams[stream.name].subjects = std::move(stream.subjects);
    co_return base::success();
  }

  base::Task<Result<std::vector<std::string>>> subjects(base::Monotonic deadline, std::string pattern) override {
    const std::lock_guard lock(state_->mutex);
    CO_TRY(state_->reachable(deadline));
    std::set<std::string> parts;
    for (const auto& [name, stream] : state_->streams) {
      for (const auto& subject : stream.subjects) {
        if (auto part = base::subjects_in_both(subject, pattern)) parts.insert(std::move(*part));
      }
    }
    co_return std::vector<std::string>(parts.begin(), parts.end());
  }

  std::uint64_t connections() const override {
    const std::lock_guard lock(state_->mutex);
    return state_->connections;
  }

  base::Task<Result<std::uint64_t>> last_sequence(base::Monotonic deadline, std::string stream) override {
    const std::lock_guard lock(state_->mutex);
    CO_TRY(state_->reachable(deadline));
    const auto found = state_->streams.find(stream);
    if (found == state_->streams.end()) co_return base::fail(ErrorCode::not_found, "broker: no stream " + stream);
    co_return std::uint64_t(found->second.messages.size());
  }

  base::Task<std::vector<Result<Stored>>> publish(base::Monotonic deadline, std::vector<Message> messages) override {
    std::vector<Result<Stored>> results;
    for (auto& message : messages) results.push_back(state_->store(deadline, std::move(message)));
    co_return results;
  }

  std::unique_ptr<Subscriber> subscribe(Subscription subscription) override {
    return std::make_unique<MemorySubscriber>(state_, std::move(subscription));
  }

  base::Task<Result<void>> ping(base::Monotonic deadline) override {
    const std::lock_guard lock(state_->mutex);
    if (!state_->reachable(deadline)) co_return base::fail(ErrorCode::unavailable, "broker: not connected");
    co_return base::success();
  }

 private:
  std::shared_ptr<MemoryBrokers::State> state_;
};

}  // namespace

MemoryBrokers::MemoryBrokers(const base::Clock& clock) : state_(std::make_shared<State>(clock)) {}
MemoryBrokers::~MemoryBrokers() = default;

Result<std::unique_ptr<Broker>> MemoryBrokers::connect(const std::string& /*url*/) {
  return std::unique_ptr<Broker>(std::make_unique<MemoryBroker>(state_));
}

void MemoryBrokers::set(Health health) {
  const std::lock_guard lock(state_->mutex);
  if (state_->health == Health::down && health != Health::down) ++state_->connections;
  state_->health = health;
}

void MemoryBrokers::lose(const std::string& stream, std::size_t kept) {
  const std::lock_guard lock(state_->mutex);
  if (kept == 0) state_->streams.erase(stream);
  const auto found = state_->streams.find(stream);
  if (found == state_->streams.end() || kept >= found->second.messages.size()) return;
  found->second.messages.resize(kept);
  std::erase_if(found->second.sequences, [&](const auto& one) { return one.second > kept; });
}

std::vector<Message> MemoryBrokers::stored(const std::string& stream) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->streams.find(stream);
  return found == state_->streams.end() ? std::vector<Message>() : found->second.messages;
}

}  // namespace chassis::broker
