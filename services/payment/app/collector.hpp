#pragma once
// What is done for a payment that waits for the provider, so that at most one charge and at most one refund comes of
// it, whatever dies when:
//
// 1. An attempt is kept, with the time until which the provider may act on it, before the provider is asked.
// 2. As long as the outcome of an attempt is not known for certain, nothing else is asked for.
// 3. It becomes certain by the provider's answer; or, when its time has passed, by a search: what is not found then was
//    not booked and never will be.
//
// The times of attempts are the provider's: each search tells its clock, to which durations are added, so that a clock
// here that is wrong or jumps changes nothing. The provider need not be idempotent for that. Thread-safe.

#include <atomic>
#include <limits>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "services/payment/domain/backoff.hpp"
#include "services/payment/ports/job_store.hpp"
#include "services/payment/ports/provider.hpp"

namespace payment_service::app {

// What was done with a job, by a name for metrics, and why where that is worth a line in the log.
struct Report {
  enum class What : std::uint8_t {
    settled,     // by the provider's answer, or without asking it
    found,       // in doubt, and the provider had done it
    not_found,   // in doubt, and nothing was done; the payment is void
    in_doubt,    // no certain answer: the provider is searched later
    postponed,   // it had no effect: asked again later
    refused,     // a refund was declined: asked again later, but somebody should look
    doubled,     // settled; the provider has it more than once
    superseded,  // somebody else has the job now
    failed,      // the database did not take it: the lease runs out
  };
  What what;
  std::string why = {};
};
std::string_view name_of(Report::What what);

class Collector {
 public:
  struct Options {
    std::chrono::milliseconds attempt{2'000};  // for how long the provider may act on an attempt
    domain::Backoff backoff = {};
  };

  Collector(const base::Clock& clock, base::Random& random, ports::JobStore& store, ports::Provider& provider,
            Options options)
      : clock_(clock), random_(random), store_(store), provider_(provider), options_(options) {}

  base::Task<Report> advance(ports::Job job);

 private:
  base::Task<Report> ask(ports::Job job);
  base::Task<Report> search(ports::Job job);
  base::Task<Report> answered(const ports::Job& job, ports::Outcome outcome, base::Wall attempt_until);
  base::Task<Report> settle(const ports::Job& job, domain::Input input, Report::What what, std::string reason = {});
  base::Task<Report> postpone(const ports::Job& job, base::Wall due, bool is_certain, Report::What what,
                              std::string why = {});
  base::Wall later(const ports::Job& job) const;
  base::Wall provider_now() const;
  void learn(base::Monotonic asked_at, base::Wall as_of);
  void limit(ports::Job& job) const;

  const base::Clock& clock_;
  base::Random& random_;
  ports::JobStore& store_;
  ports::Provider& provider_;
  const Options options_;
  static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::min();
  // The provider's clock at the zero of our monotonic one, in Unix milliseconds.
  std::atomic<std::int64_t> provider_zero_{unknown};
};

}  // namespace payment_service::app
