#include "services/chassis/db/postgres/pool.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Result;
using std::chrono::milliseconds;

constexpr milliseconds watch_interval{50};
constexpr milliseconds silence{1'000};  // the server's own time-out comes first
constexpr milliseconds first_pause{1};
constexpr milliseconds longest_pause{50};

base::Error busy() { return try_later("database: no connection was free before the deadline"); }

Result<void> run_once(PgConnection& connection, const Job& job) {
  TRY(connection.begin(job.only_reads ? Mode::read : Mode::write, job.deadline));
  auto done = guarded(job.work, connection);
  if (done && !job.only_reads) return connection.commit();
  connection.rollback();
  return done;
}

// Again as long as only another transaction was in the way. The pauses differ from thread to thread, so that two do not
// meet again and again.
Result<void> run_job(PgConnection& connection, const Job& job, const base::Clock& clock) {
  auto pause = first_pause;
  for (;;) {
    auto done = run_once(connection, job);
    if (done || !connection.may_try_again() || clock.monotonic() + pause >= job.deadline) return done;
    const auto spread = std::hash<std::thread::id>()(std::this_thread::get_id()) % 8;
    std::this_thread::sleep_for(pause * (8 + spread) / 16);
    pause = std::min(pause * 2, longest_pause);
  }
}

}  // namespace

Pool::Pool(const base::Clock& clock, PostgresOptions options, std::string url)
    : clock_(clock), options_(options), url_(std::move(url)), watch_([this] { watch(); }) {}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    state_ = State::closing;
  }
  queue_.close();
  for (auto& worker : workers_) worker.thread.join();  // each ends with its job, soon after its deadline at the latest
  {
    const std::lock_guard lock(mutex_);
    state_ = State::closed;
  }
  wake_.notify_all();
  watch_.join();
}

void Pool::run(Job job) {
  // Not left to the watch, which would say that no connection was free.
  if (clock_.monotonic() >= job.deadline) return job.done(too_late());
  {
    const std::lock_guard lock(mutex_);
    ++open_jobs_;
    if (state_ == State::open && workers_.size() < std::min(open_jobs_, options_.pool)) {
      auto& worker = workers_.emplace_back();
      worker.thread = std::thread([this, &worker] { work(worker); });
    }
  }
  wake_.notify_all();
  job.done = [this, finish = std::move(job.done)](Result<void> result) {
    {
      const std::lock_guard lock(mutex_);
      --open_jobs_;
    }
    finish(std::move(result));  // the pool may be gone after that
  };
  queue_.push(std::move(job));
}

void Pool::work(Worker& self) {
  PgConnection connection(url_, clock_);
  connection.on_socket([&self](int socket) {
    const std::lock_guard lock(self.mutex);
    self.socket = socket;
  });
  const auto expect_answer_until = [&self](base::Monotonic until) {
    const std::lock_guard lock(self.mutex);
    self.give_up = until;
  };
  while (queue_.wait_for(options_.idle)) {
    auto jobs = queue_.take(1);
    if (jobs.empty()) {
      connection.close();
      continue;
    }
    auto& job = jobs.front();
    expect_answer_until(job.deadline + silence);
    auto result = run_job(connection, job, clock_);
    expect_answer_until(base::Monotonic::max());
    job.done(std::move(result));
  }
}

void Pool::watch() {
  std::unique_lock lock(mutex_);
  while (state_ != State::closed) {
    if (open_jobs_ == 0) {
      wake_.wait(lock, [this] { return open_jobs_ > 0 || state_ == State::closed; });
    } else {
      wake_.wait_for(lock, watch_interval, [this] { return state_ == State::closed; });
    }
    lock.unlock();
    queue_.expire(clock_.monotonic(), busy());
    lock.lock();
    give_up_on_silent_servers(clock_.monotonic());
  }
}

// The library waits for as long as the server takes; a socket that is shut down ends the wait.
void Pool::give_up_on_silent_servers(base::Monotonic now) {
  for (auto& worker : workers_) {
    const std::lock_guard lock(worker.mutex);
    if (worker.socket >= 0 && worker.give_up < now) ::shutdown(worker.socket, SHUT_RDWR);
  }
}

}  // namespace chassis::db
