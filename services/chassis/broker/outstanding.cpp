#include "services/chassis/broker/outstanding.hpp"

#include "services/chassis/broker/errors.hpp"

namespace chassis::broker {

namespace {

void answer_quiet(Batch& batch, std::size_t behind) {
  auto first = behind;
  while (first > 0 && batch.quiet[first - 1]) --first;
  const auto is_new = [&](std::size_t place) {
    const auto& result = batch.results[place];
    return result && *result && !result->value().is_repetition;
  };
  const auto sequence = [&](std::size_t place) { return batch.results[place]->value().sequence; };
  const bool is_proven = first > 0 && is_new(first - 1) && is_new(behind) &&
                         sequence(behind) - sequence(first - 1) == behind - (first - 1);
  for (auto place = first; place < behind; ++place) {
    if (batch.results[place]) continue;  // it could not even be sent
    --batch.missing;
    if (is_proven) {
      batch.results[place].emplace(Stored{sequence(behind) - (behind - place), false});
    } else {
      batch.results[place].emplace(unproven());
    }
  }
}

}  // namespace

std::shared_ptr<Batch> Outstanding::add(std::size_t messages, base::Resume<Results> resume, std::vector<bool> quiet) {
  auto batch = std::make_shared<Batch>();
  const std::lock_guard lock(mutex_);
  batch->first = next_;
  batch->results.resize(messages);
  batch->missing = messages;
  batch->resume = std::move(resume);
  batch->quiet = std::move(quiet);
  waiting_.emplace(next_, batch);
  next_ += messages;
  return batch;
}

void Outstanding::answer(std::uint64_t id, base::Result<Stored> result) {
  std::unique_lock lock(mutex_);
  const auto behind = waiting_.upper_bound(id);
  if (behind == waiting_.begin()) return;
  const auto batch = std::prev(behind)->second;
  const auto place = id - batch->first;
  if (place >= batch->results.size() || batch->results[place]) return;
  batch->results[place].emplace(std::move(result));
  --batch->missing;
  if (!batch->quiet.empty() && !batch->quiet[place]) answer_quiet(*batch, place);
  if (batch->missing == 0) complete(std::move(lock), *batch);
}

void Outstanding::finish(Batch& batch, const base::Error& error) {
  std::unique_lock lock(mutex_);
  if (!batch.resume) return;
  for (auto& result : batch.results) {
    if (!result) result.emplace(error);
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
  waiting_.erase(batch.first);
  auto resume = std::exchange(batch.resume, nullptr);
  Results results;
  results.reserve(batch.results.size());
  for (auto& result : batch.results) results.push_back(std::move(*result));
  lock.unlock();
  resume(std::move(results));
}

}  // namespace chassis::broker
