#include "services/payment/app/collector.hpp"

#include <array>

namespace payment_service::app {
namespace {

using domain::Input;
using domain::Status;
using ports::Job;
using ports::Purpose;
using ports::Verdict;
using What = Report::What;

constexpr std::chrono::seconds patience{5};  // with the database
constexpr std::chrono::milliseconds tick{1};

Purpose purpose_of(const Job& job) {
  return job.payment.status == Status::refund_pending ? Purpose::refund : Purpose::charge;
}

std::int64_t since_zero(base::Monotonic when) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
}

Input done(Purpose purpose) { return purpose == Purpose::charge ? Input::charged : Input::paid_back; }

ports::Demand demand_of(const Job& job, base::Wall valid_until) {
  return {purpose_of(job), job.payment.id, job.payment.amount_cents, job.payment.currency, valid_until};
}

}  // namespace

std::string_view name_of(What what) {
  static constexpr std::array<std::string_view, 9> names{"settled", "found",   "not_found",  "in_doubt", "postponed",
                                                         "refused", "doubled", "superseded", "failed"};
  return names[static_cast<std::size_t>(what)];
}

base::Task<Report> Collector::advance(Job job) {
  limit(job);
  if (job.attempt_until) co_return co_await search(std::move(job));
  if (job.payment.status == Status::void_pending) {
    co_return co_await settle(job, Input::not_charged, What::not_found);
  }
  // Nothing to charge, nothing to pay back.
  if (job.payment.amount_cents == 0) co_return co_await settle(job, done(purpose_of(job)), What::settled);
  if (provider_zero_ == unknown) co_return co_await search(std::move(job));
  co_return co_await ask(std::move(job));
}

base::Task<Report> Collector::ask(Job job) {
  const auto until = provider_now() + options_.attempt;
  const auto begun = co_await store_.begin(job, until);
  if (!begun) co_return Report{What::failed, begun.error().message};
  if (!begun.value()) co_return Report{What::superseded};
  auto demand = demand_of(job, until);
  auto outcome = co_await provider_.ask(std::move(demand));
  limit(job);  // the provider may have taken its time
  co_return co_await answered(job, std::move(outcome), until);
}

base::Task<Report> Collector::answered(const Job& job, ports::Outcome outcome, base::Wall attempt_until) {
  const auto purpose = purpose_of(job);
  switch (outcome.verdict) {
    case Verdict::authorized:
      co_return co_await settle(job, done(purpose), What::settled);
    case Verdict::declined:
      if (purpose == Purpose::charge) {
        co_return co_await settle(job, Input::declined, What::settled, std::move(outcome.reason));
      }
      co_return co_await postpone(job, later(job), true, What::refused, std::move(outcome.reason));
    case Verdict::not_asked:
      co_return co_await postpone(job, later(job), true, What::postponed, std::move(outcome.reason));
    case Verdict::unknown:
      break;
  }
  const auto due = std::max(clock_.wall() + (attempt_until - provider_now()) + tick, later(job));
  co_return co_await postpone(job, due, false, What::in_doubt, std::move(outcome.reason));
}

// For an attempt in doubt, and for the provider's clock when it is not known.
base::Task<Report> Collector::search(Job job) {
  const auto asked_at = clock_.monotonic();
  auto demand = demand_of(job, job.attempt_until.value_or(base::Wall()));
  const auto found = co_await provider_.find(std::move(demand));
  limit(job);
  // Nothing is in doubt yet: whoever cannot be searched may charge all the same.
  if (!found && !job.attempt_until) co_return co_await ask(std::move(job));
  if (!found) co_return co_await postpone(job, later(job), false, What::in_doubt, found.error().message);
  const auto& finding = found.value();
  learn(asked_at, finding.as_of);
  if (finding.times > 0) {
    const auto what = finding.times > 1 ? What::doubled : What::found;
    co_return co_await settle(job, done(purpose_of(job)), what);
  }
  if (job.attempt_until && finding.as_of <= *job.attempt_until) {
    const auto due = clock_.wall() + (*job.attempt_until - finding.as_of) + tick;
    co_return co_await postpone(job, due, false, What::in_doubt);
  }
  if (job.payment.status == Status::void_pending) {
    co_return co_await settle(job, Input::not_charged, What::not_found);
  }
  co_return co_await ask(std::move(job));
}

base::Task<Report> Collector::settle(const Job& job, Input input, What what, std::string reason) {
  const auto kept = co_await store_.settle(job, input, std::move(reason));
  if (!kept) co_return Report{What::failed, kept.error().message};
  co_return Report{kept.value() ? what : What::superseded};
}

base::Task<Report> Collector::postpone(const Job& job, base::Wall due, bool is_certain, What what, std::string why) {
  const auto kept = co_await store_.postpone(job, due, is_certain);
  if (!kept) co_return Report{What::failed, kept.error().message};
  co_return Report{kept.value() ? what : What::superseded, std::move(why)};
}

base::Wall Collector::later(const Job& job) const {
  return clock_.wall() + domain::pause_after(options_.backoff, job.tries, random_);
}

// Until it has told us, it is taken to be ours.
base::Wall Collector::provider_now() const {
  const auto zero = provider_zero_.load();
  if (zero == unknown) return clock_.wall();
  return base::Wall(std::chrono::milliseconds(zero + since_zero(clock_.monotonic())));
}

// Not behind what it is: the answer may have been on its way for as long as since the question.
void Collector::learn(base::Monotonic asked_at, base::Wall as_of) {
  provider_zero_ = as_of.time_since_epoch().count() - since_zero(asked_at);
}

void Collector::limit(Job& job) const { job.context.deadline = clock_.monotonic() + patience; }

}  // namespace payment_service::app
