#include "services/chassis/db/job_queue.hpp"

#include <algorithm>
#include <exception>
#include <iterator>

namespace chassis::db {
namespace {

base::Error closing() { return base::fail(base::ErrorCode::cancelled, "the database is being closed"); }

constexpr std::chrono::seconds retry_after{1};

}  // namespace

base::Result<void> guarded(const Work& work, Transaction& tx) {
  try {
    return work(tx);
  } catch (const std::exception& thrown) {
    return base::fail(base::ErrorCode::internal, std::string("database work threw: ") + thrown.what());
  }
}

base::Error too_late() { return base::fail(base::ErrorCode::timeout, "the deadline passed before the database began"); }

base::Error try_later(std::string message) {
  return {base::ErrorCode::unavailable, std::move(message), {}, retry_after};
}

void JobQueue::push(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::open) {
      jobs_.push_back(std::move(job));
      arrived_.notify_one();
      return;
    }
  }
  job.done(closing());
}

bool JobQueue::wait() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [&] { return state_ == State::closed || !jobs_.empty(); });
  return state_ == State::open;
}

bool JobQueue::wait_for(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, at_most, [&] { return state_ == State::closed || !jobs_.empty(); });
  return state_ == State::open;
}

std::vector<Job> JobQueue::take(std::size_t most) {
  const std::lock_guard lock(mutex_);
  const auto end = jobs_.begin() + static_cast<std::ptrdiff_t>(std::min(most, jobs_.size()));
  std::vector<Job> taken(std::make_move_iterator(jobs_.begin()), std::make_move_iterator(end));
  jobs_.erase(jobs_.begin(), end);
  return taken;
}

bool JobQueue::expire(base::Monotonic now, const base::Error& error) {
  std::vector<Job> late;
  bool waiting = false;
  {
    const std::lock_guard lock(mutex_);
    const auto split =
        std::stable_partition(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.deadline > now; });
    std::move(split, jobs_.end(), std::back_inserter(late));
    jobs_.erase(split, jobs_.end());
    waiting = state_ == State::open && !jobs_.empty();
  }
  for (auto& job : late) job.done(error);
  return waiting;
}

void JobQueue::fail_all(const base::Error& error) {
  for (auto& job : take(static_cast<std::size_t>(-1) / 2)) job.done(error);
}

void JobQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    state_ = State::closed;
  }
  arrived_.notify_all();
  fail_all(closing());
}

}  // namespace chassis::db
