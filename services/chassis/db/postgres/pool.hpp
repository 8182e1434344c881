#pragma once
// The threads and connections of one database. Thread-safe. Internal to db/postgres.

#include <condition_variable>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "services/chassis/db/job_queue.hpp"
#include "services/chassis/db/postgres/connection.hpp"
#include "services/chassis/db/postgres/postgres.hpp"

namespace chassis::db {

class Pool {
 public:
  Pool(const base::Clock& clock, PostgresOptions options, std::string url);
  ~Pool();
  Pool(const Pool&) = delete;

  // Answered on another thread, or at once when the pool is being closed.
  void run(Job job);

 private:
  struct Worker {
    std::thread thread;
    std::mutex mutex;                                  // of what the watch looks at:
    int socket = -1;                                   // of its connection
    base::Monotonic give_up = base::Monotonic::max();  // then the server is taken for dead
  };

  void work(Worker& self);
  void watch();
  void give_up_on_silent_servers(base::Monotonic now);

  const base::Clock& clock_;
  const PostgresOptions options_;
  const std::string url_;
  JobQueue queue_;
  std::mutex mutex_;
  std::condition_variable wake_;  // the watch, which sleeps while there is nothing to do
  enum class State : std::uint8_t { open, closing, closed } state_ = State::open;
  std::size_t open_jobs_ = 0;  // queued or running
  std::list<Worker> workers_;
  std::thread watch_;
};

}  // namespace chassis::db
