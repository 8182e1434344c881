#include "services/chassis/broker/nats/outstanding.hpp"

namespace chassis::broker {

std::shared_ptr<Batch> Outstanding::add(std::size_t messages, base::Resume<Results> resume) {
  auto batch = std::make_shared<Batch>();
  const std::lock_guard lock(mutex_);
  batch->first = next_;
  batch->results.resize(messages);
  batch->missing = messages;
  batch->resume = std::move(resume);
  for (std::size_t i = 0; i < messages; ++i) waiting_.emplace(next_++, batch);
  return batch;
}

void Outstanding::answer(std::uint64_t id, base::Result<void> result) {
  std::unique_lock lock(mutex_);
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const auto batch = std::move(found->second);
  waiting_.erase(found);
  batch->results[id - batch->first].emplace(std::move(result));
  if (--batch->missing == 0) complete(std::move(lock), *batch);
}

void Outstanding::finish(Batch& batch, const base::Error& error) {
  std::unique_lock lock(mutex_);
  if (!batch.resume) return;
  for (std::size_t i = 0; i < batch.results.size(); ++i) {
    if (batch.results[i]) continue;
    batch.results[i].emplace(error);
    waiting_.erase(batch.first + i);
  }
  complete(std::move(lock), batch);
}

void Outstanding::finish_all(const base::Error& error) {
  for (;;) {
    std::shared_ptr<Batch> batch;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return;
      batch = waiting_.begin()->second;
    }
    finish(*batch, error);
  }
}

bool Outstanding::answered(const Batch& batch) const {
  const std::lock_guard lock(mutex_);
  return !batch.resume;
}

void Outstanding::complete(std::unique_lock<std::mutex> lock, Batch& batch) {
  auto resume = std::exchange(batch.resume, nullptr);
  Results results;
  results.reserve(batch.results.size());
  for (auto& result : batch.results) results.push_back(std::move(*result));
  lock.unlock();
  resume(std::move(results));
}

}  // namespace chassis::broker
