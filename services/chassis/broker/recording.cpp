#include "services/chassis/broker/recording.hpp"

#include <algorithm>

namespace chassis::broker {
namespace {

class RecordingBroker final : public Broker {
 public:
  RecordingBroker(std::unique_ptr<Broker> inner, Published& published)
      : inner_(std::move(inner)), published_(published) {}

  base::Task<base::Result<void>> ensure_stream(base::Monotonic deadline, Stream stream) override {
    return inner_->ensure_stream(deadline, std::move(stream));
  }

  base::Task<base::Result<std::uint64_t>> last_sequence(base::Monotonic deadline, std::string stream) override {
    return inner_->last_sequence(deadline, std::move(stream));
  }

  base::Task<base::Result<std::vector<std::string>>> subjects(base::Monotonic deadline, std::string pattern) override {
    return inner_->subjects(deadline, std::move(pattern));
  }

  std::uint64_t connections() const override { return inner_->connections(); }

  base::Task<std::vector<base::Result<Stored>>> publish(base::Monotonic deadline,
                                                        std::vector<Message> messages) override {
    auto copies = messages;
    auto results = co_await inner_->publish(deadline, std::move(messages));
    for (std::size_t i = 0; i < results.size() && i < copies.size(); ++i) {
      if (results[i]) published_.add(std::move(copies[i]));
    }
    co_return results;
  }

  std::unique_ptr<Subscriber> subscribe(Subscription subscription) override {
    return inner_->subscribe(std::move(subscription));
  }

  base::Task<base::Result<void>> ping(base::Monotonic deadline) override { return inner_->ping(deadline); }

 private:
  std::unique_ptr<Broker> inner_;
  Published& published_;
};

}  // namespace

void Published::add(Message message) {
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
  if (messages_.size() > kept) messages_.pop_front();
  ++count_;
}

std::uint64_t Published::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::vector<Message> Published::after(std::uint64_t count) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t first = count_ - messages_.size();  // how many came before the oldest that is held
  const auto skipped = count > first ? std::min<std::uint64_t>(count - first, messages_.size()) : 0;
  return {messages_.begin() + static_cast<std::ptrdiff_t>(skipped), messages_.end()};
}

base::Result<std::unique_ptr<Broker>> RecordingBrokers::connect(const std::string& url) {
  TRY(auto inner, inner_.connect(url));
  return std::unique_ptr<Broker>(std::make_unique<RecordingBroker>(std::move(inner), published_));
}

}  // namespace chassis::broker
