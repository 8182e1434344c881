#pragma once
// The Scheduler of a running process: Asio timers, a small thread pool for heavy work, SIGTERM and SIGINT as the
// request to stop. Thread-safe as its port says.

#include <atomic>
#include <list>
#include <mutex>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/timer.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/chassis/host/io_threads.hpp"

namespace chassis {

class AsioScheduler final : public Scheduler {
 public:
  explicit AsioScheduler(IoThreads& threads);
  ~AsioScheduler() override;

  base::Task<> sleep(std::chrono::milliseconds duration) override;
  void spawn(base::Task<> task) override;
  base::Task<> join() override;
  base::Task<> offload(std::function<void()> work) override;
  std::unique_ptr<Signal> make_signal() override;
  base::Task<> shutdown_requested() override;
  bool shutting_down() const override { return shutting_down_; }

  void request_shutdown();  // on the first I/O thread

 private:
  class TimerSignal;

  IoThreads& threads_;
  boost::asio::signal_set signals_;
  base::Timer stop_;   // cancelled when the stop is requested: wakes its waiters
  base::Timer ended_;  // cancelled when a spawned task ends
  int running_ = 0;    // spawned tasks; first thread only
  std::atomic<bool> shutting_down_{false};
  std::mutex mutex_;
  std::list<TimerSignal*> alive_;
  boost::asio::thread_pool pool_{2};
};

}  // namespace chassis
