#pragma once
// Payments for which the provider is to be asked: taken with a lease, so that several workers, in one process or in
// several, share them. The lease only saves work: whoever loses it finds that nothing of his is kept any more, and the
// next one asks the provider first what was done. Thread-safe. Errors of all: unavailable, timeout.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/payment/domain/payment.hpp"

namespace payment_service::ports {

struct Job {
  domain::Payment payment;
  chassis::CallContext context;  // of the request behind it; whoever uses it sets a deadline
  std::string lease;
  // Until when the provider may act on the last attempt, whose outcome is not known. Empty: it is known, or there was
  // none.
  std::optional<base::Wall> attempt_until;
  std::int64_t tries = 0;  // in vain since the last certain step
};

struct Take {
  std::string lease;       // one that was never used before
  base::Wall lease_until;  // from then on others may take it
  std::int64_t limit = 0;
};

struct Taken {
  std::vector<Job> jobs;
  std::optional<base::Wall> next_due;  // of those that were not taken
};

struct Backlog {
  std::int64_t payments = 0;
  std::optional<base::Wall> oldest;  // since when the oldest waits
};

class JobStore {
 public:
  virtual ~JobStore() = default;
  virtual base::Task<base::Result<Taken>> take(base::Monotonic deadline, Take take) = 0;
  // Durable before the provider is asked. False: the lease is lost, or the payment is not what it was; do not ask.
  virtual base::Task<base::Result<bool>> begin(const Job& job, base::Wall attempt_until) = 0;
  // Applies a certain outcome, with its event, and ends the attempt. False: the lease is lost, nothing was changed.
  virtual base::Task<base::Result<bool>> settle(const Job& job, domain::Input input, std::string reason) = 0;
  // Gives it back until `due`. The attempt goes on being in doubt unless `is_certain` that it had no effect.
  virtual base::Task<base::Result<bool>> postpone(const Job& job, base::Wall due, bool is_certain) = 0;
  // What would be due after `latest` is due then: it was written before the clock was set back.
  virtual base::Task<base::Result<void>> bring_forward(base::Monotonic deadline, base::Wall latest) = 0;
  virtual base::Task<base::Result<Backlog>> backlog(base::Monotonic deadline) = 0;
};

}  // namespace payment_service::ports
