#pragma once
// Takes payments that are due and has the collector advance them, several at once. What is due is in the database, so
// that nothing is lost with the process; a wake-up only saves waiting. For the thread of run().

#include <chrono>

#include "services/chassis/env/environment.hpp"
#include "services/payment/app/collector.hpp"
#include "services/payment/ports/job_store.hpp"

namespace payment_service::adapters {

class Worker {
 public:
  struct Options {
    std::int64_t parallel = 16;              // payments in work at once, in this process
    std::chrono::milliseconds lease{7'000};  // longer than one advance takes; after it another worker may take over
    std::chrono::milliseconds longest_pause{60'000};  // no payment waits longer without being looked at
  };

  // All is lent; `wake` is set by whoever commits new work.
  Worker(chassis::Environment& env, ports::JobStore& store, app::Collector& collector, chassis::Signal& wake,
         Options options)
      : env_(env), store_(store), collector_(collector), wake_(wake), options_(options) {}

  // Until shutdown is requested; what is in work then is finished beside it. Spawn it once.
  base::Task<> run();

  static constexpr std::chrono::milliseconds sweep{500};      // when no wake-up comes; half of it random
  static constexpr std::chrono::milliseconds measure{5'000};  // gauges are renewed
  static constexpr std::chrono::milliseconds backoff{5'000};  // at most, while the database is away

 private:
  base::Task<> work_off(ports::Job job);
  base::Task<std::chrono::milliseconds> round();
  base::Task<> measure_backlog();
  void report(const ports::Job& job, const app::Report& report) const;
  std::chrono::milliseconds until(const std::optional<base::Wall>& next_due) const;

  chassis::Environment& env_;
  ports::JobStore& store_;
  app::Collector& collector_;
  chassis::Signal& wake_;
  const Options options_;
  std::int64_t running_ = 0;
  std::chrono::milliseconds pause_{0};  // since the database failed
};

}  // namespace payment_service::adapters
