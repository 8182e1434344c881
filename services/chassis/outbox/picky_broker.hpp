#pragma once
// A broker of one stream that refuses the subjects it was told to refuse, and of quiet messages tells no more than NATS
// does. While it is slow, it stores what it is given and keeps its answers to itself. For tests; on one thread.

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/resume.hpp"
#include "services/chassis/broker/broker.hpp"
#include "services/chassis/broker/outstanding.hpp"

namespace chassis::outbox {

class PickyBroker final : public broker::Broker {
 public:
  using Results = std::vector<base::Result<broker::Stored>>;

  base::Task<base::Result<void>> ensure_stream(base::Monotonic, broker::Stream stream) override {
    stream_name = stream.name;
    co_return base::success();
  }
  base::Task<base::Result<std::uint64_t>> last_sequence(base::Monotonic, std::string) override {
    co_return stored.size();
  }
  base::Task<base::Result<std::vector<std::string>>> subjects(base::Monotonic, std::string) override {
    co_return std::vector<std::string>();
  }
  std::uint64_t connections() const override { return connected; }
  base::Task<std::vector<base::Result<broker::Stored>>> publish(base::Monotonic,
                                                                std::vector<broker::Message> messages) override {
    Results answers;
    batches.push_back(messages.size());
    std::vector<bool> quiet;
    for (auto& message : messages) {
      quiet.push_back(message.is_quiet);
      answers.push_back(store(std::move(message)));
    }
    answers = tell(std::move(answers), quiet);
    quiet_rows += static_cast<int>(std::count(quiet.begin(), quiet.end(), true));
    if (!is_slow) co_return answers;
    auto later = base::await_foreign<Results>([this, &answers](base::Resume<Results> resume) {
      unanswered.emplace_back([answers, resume](bool is_lost) {
        const auto lost = base::fail(base::ErrorCode::unavailable, "the connection was lost");
        resume(is_lost ? Results(answers.size(), lost) : answers);
      });
    });
    co_return co_await std::move(later);
  }
  std::unique_ptr<broker::Subscriber> subscribe(broker::Subscription) override { return nullptr; }
  base::Task<base::Result<void>> ping(base::Monotonic) override { co_return base::success(); }

  // Gives the oldest answers that it kept, or loses them.
  void answer(std::size_t count, bool is_lost = false) {
    for (; count > 0 && !unanswered.empty(); --count) {
      const auto oldest = std::move(unanswered.front());
      unanswered.pop_front();
      oldest(is_lost);
    }
  }

  std::string stream_name;
  std::vector<std::string> stored;
  std::set<std::string> refused;
  base::ErrorCode refusal = base::ErrorCode::unavailable;
  std::vector<std::size_t> batches;
  int quiet_rows = 0;
  std::uint64_t connected = 1;
  bool is_slow = false;
  std::deque<std::function<void(bool)>> unanswered;

 private:
  static Results tell(Results answers, const std::vector<bool>& quiet) {
    Results told;
    broker::Outstanding outstanding;
    const auto batch = outstanding.add(
        answers.size(), [&told](Results results) { told = std::move(results); }, quiet);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (!quiet[i]) outstanding.answer(batch->first + i, std::move(answers[i]));
    }
    return told;
  }
  base::Result<broker::Stored> store(broker::Message message) {
    if (const auto known = std::find(stored.begin(), stored.end(), message.id); known != stored.end()) {
      return broker::Stored{static_cast<std::uint64_t>(known - stored.begin() + 1), true};
    }
    if (refused.contains(message.subject)) return base::fail(refusal, "refused");
    const bool is_in_turn = message.after.empty() || (!stored.empty() && stored.back() == message.after);
    if (!is_in_turn) return base::fail(base::ErrorCode::conflict, "out of turn");
    stored.push_back(message.id);
    return broker::Stored{stored.size(), false};
  }
};

}  // namespace chassis::outbox
