#pragma once
// Jobs on their way to a database thread, in order of arrival. Thread-safe. Internal to db/sqlite.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "services/chassis/db/sqlite/transactions.hpp"

namespace chassis::db {

class JobQueue {
 public:
  // Answered as cancelled at once when the queue is closed.
  void push(Job job);
  // Waits for a job; false when the queue is closed.
  bool wait();
  // Up to `most` jobs from the front, possibly none.
  std::vector<Job> take(std::size_t most);
  // Answers jobs whose deadline has passed with `error`; false when no job is left or the queue is closed.
  bool expire(base::Monotonic now, const base::Error& error);
  // Answers all jobs with `error`.
  void fail_all(const base::Error& error);
  // Ends all waits; the jobs left are answered as cancelled.
  void close();

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job> jobs_;
  enum class State : std::uint8_t { open, closed } state_ = State::open;
};

}  // namespace chassis::db
