#include "services/payment/adapters/in/worker.hpp"

#include <algorithm>

#include "base/ids.hpp"

namespace payment_service::adapters {

using app::Report;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds patience{5};
constexpr milliseconds first_pause{100};

chassis::Level level_of(Report::What what) {
  switch (what) {
    case Report::What::doubled:
    case Report::What::refused:
      return chassis::Level::error;
    case Report::What::in_doubt:
    case Report::What::postponed:
    case Report::What::failed:
      return chassis::Level::warning;
    default:
      return chassis::Level::info;
  }
}

}  // namespace

base::Task<> Worker::run() {
  auto measure_at = env_.clock.monotonic();
  while (!env_.scheduler.shutting_down()) {
    const auto wait = co_await round();
    if (env_.clock.monotonic() >= measure_at) {
      co_await measure_backlog();
      measure_at = env_.clock.monotonic() + measure;
    }
    if (wait.count() > 0 && !env_.scheduler.shutting_down()) co_await wake_.wait(wait);
  }
}

// How long to wait for the next one, unless somebody wakes it before: a new payment, or the end of one in work.
base::Task<milliseconds> Worker::round() {
  const auto room = options_.parallel - running_;
  if (room <= 0) co_return sweep;
  ports::Take take{base::uuid_v7(env_.clock, env_.random), env_.clock.wall() + options_.lease, room};
  auto taken = co_await store_.take(env_.clock.monotonic() + patience, std::move(take));
  if (!taken) {
    if (pause_.count() == 0) env_.log.warning("payments wait", {{"error", taken.error().message}});
    pause_ = std::clamp(pause_ * 2, first_pause, backoff);
    co_return pause_ / 2 + milliseconds(env_.random.below(static_cast<std::uint32_t>(pause_.count() / 2 + 1)));
  }
  pause_ = milliseconds(0);
  for (auto& job : taken.value().jobs) {
    ++running_;
    env_.scheduler.spawn(work_off(std::move(job)));
  }
  co_return until(taken.value().next_due);
}

milliseconds Worker::until(const std::optional<base::Wall>& next_due) const {
  if (options_.parallel <= running_) return sweep;  // the end of one wakes it
  const auto idle = sweep / 2 + milliseconds(env_.random.below(static_cast<std::uint32_t>(sweep.count() / 2)));
  if (!next_due) return idle;
  return std::clamp<milliseconds>(*next_due - env_.clock.wall(), milliseconds(1), idle);
}

base::Task<> Worker::work_off(ports::Job job) {
  const auto outcome = co_await collector_.advance(job);
  report(job, outcome);
  --running_;
  wake_.set();
}

void Worker::report(const ports::Job& job, const Report& report) const {
  const auto& payment = job.payment;
  const std::string what(app::name_of(report.what));
  env_.metrics.count("payment_steps_total", "Steps of payments by what the payment was and what came of it",
                     {{"status", std::string(domain::name_of(payment.status))}, {"outcome", what}});
  if (job.attempt_until) {
    env_.metrics.count("payment_reconciliations_total", "Attempts in doubt that the provider was asked about",
                       {{"outcome", what}});
  }
  base::Json fields{{"payment", payment.id},
                    {"order", payment.order_id},
                    {"status", domain::name_of(payment.status)},
                    {"outcome", what},
                    {"tries", job.tries},
                    {"request_id", job.context.request_id},
                    {"trace_id", job.context.trace.trace_id}};
  if (!report.why.empty()) fields["why"] = report.why;
  env_.log.write(level_of(report.what), "a payment was worked on", fields);
}

base::Task<> Worker::measure_backlog() {
  // Readiness tells of a database that is away.
  const auto latest = env_.clock.wall() + options_.longest_pause;
  static_cast<void>(co_await store_.bring_forward(env_.clock.monotonic() + patience, latest));
  const auto found = co_await store_.backlog(env_.clock.monotonic() + patience);
  if (!found) co_return;
  const auto& backlog = found.value();
  const auto age = backlog.oldest ? env_.clock.wall() - *backlog.oldest : milliseconds(0);
  env_.metrics.gauge("payment_waiting", "Payments that wait for the provider; not exact from 100000 on", {},
                     static_cast<double>(backlog.payments));
  env_.metrics.gauge("payment_oldest_waiting_age_seconds", "For how long the oldest of them waits", {},
                     std::max(0.0, static_cast<double>(age.count()) / 1'000));
}

}  // namespace payment_service::adapters
