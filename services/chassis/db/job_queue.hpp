#pragma once
// Jobs on their way to a database thread, in order of arrival. Thread-safe. Internal to the drivers in db.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "services/chassis/db/database.hpp"

namespace chassis::db {

struct Job {
  base::Monotonic deadline;
  Work work;
  std::function<void(base::Result<void>)> done;  // called once
  bool only_reads = false;                       // for a queue that takes both kinds
};

// Runs the work; what it throws becomes an error, since it must not end the database's thread.
base::Result<void> guarded(const Work& work, Transaction& tx);

base::Error too_late();

// What cannot be had just now, with the time after which to try again.
base::Error try_later(std::string message);

class JobQueue {
 public:
  // Answered as cancelled at once when the queue is closed.
  void push(Job job);
  // Waits for a job; false when the queue is closed.
  bool wait();
  // The same, but also true after `at_most` without one.
  bool wait_for(std::chrono::milliseconds at_most);
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
