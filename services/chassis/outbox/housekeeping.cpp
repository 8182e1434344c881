#include "services/chassis/outbox/housekeeping.hpp"

#include <cstdio>

namespace chassis::outbox {
namespace {

constexpr std::chrono::milliseconds between_portions{10};

}  // namespace

std::int64_t to_milliseconds(const std::string& rfc3339) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  double second = 0;
  const int read = std::sscanf(rfc3339.c_str(), "%d-%u-%uT%d:%d:%lf", &year, &month, &day, &hour, &minute, &second);
  if (read != 6) return 0;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return 0;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  const auto whole = std::chrono::milliseconds(days) + std::chrono::hours(hour) + std::chrono::minutes(minute);
  return whole.count() + static_cast<std::int64_t>(second * 1'000);
}

Relay::Housekeeping::Housekeeping(Environment& env, Store& store, const RelayOptions& options)
    : env_(env), store_(store), options_(options), signal_(env.scheduler.make_signal()) {}

base::Task<> Relay::Housekeeping::run(std::function<bool()> may_reap) {
  auto reap_at = env_.clock.monotonic();
  while (!env_.scheduler.shutting_down()) {
    co_await measure();
    co_await measure_horizon();
    if (may_reap() && env_.clock.monotonic() >= reap_at) {
      co_await reap();
      reap_at = env_.clock.monotonic() + options_.reap_every;
    }
    if (env_.scheduler.shutting_down()) break;
    co_await signal_->wait(options_.look_after);
  }
}

base::Task<> Relay::Housekeeping::measure() {
  const auto counts = co_await store_.count();
  if (!counts) co_return;  // readiness tells of a database that is away
  const auto& found = counts.value();
  const auto now = env_.clock.wall().time_since_epoch().count();
  const auto created = found.oldest_created_at.empty() ? now : to_milliseconds(found.oldest_created_at);
  const auto age = std::max<std::int64_t>(now - created, 0);
  env_.metrics.gauge("outbox_unsent", "Events that wait in the outbox; not exact from 100000 on", {},
                     static_cast<double>(found.unsent));
  env_.metrics.gauge("outbox_oldest_unsent_age_seconds", "Age of the oldest event that waits in the outbox", {},
                     static_cast<double>(age) / 1'000);
  env_.metrics.gauge("outbox_parked", "Events that the broker refused for good and that wait for an operator", {},
                     static_cast<double>(found.parked));
}

// Not from pg_stat_activity, which shows nobody else's transactions: since when the horizon has not moved.
base::Task<> Relay::Housekeeping::measure_horizon() {
  const auto seen = co_await store_.horizon();
  if (!seen) co_return;
  const auto now = env_.clock.monotonic();
  if (seen.value().empty() || seen.value() != horizon_) horizon_since_ = now;
  if (!seen.value().empty() || !horizon_.empty()) {
    const std::chrono::duration<double> age = now - horizon_since_;
    env_.metrics.gauge("outbox_horizon_age_seconds",
                       "How long the oldest transaction that may still write has been seen; later events wait for it",
                       {}, age.count());
  }
  horizon_ = seen.value();
}

base::Task<> Relay::Housekeeping::reap() {
  const auto before = base::to_rfc3339(env_.clock.wall() - options_.retention);
  while (!env_.scheduler.shutting_down()) {
    const auto reaped = co_await store_.reap(before);
    if (!reaped) co_return;
    if (reaped.value() == 0) co_return;
    env_.metrics.count("outbox_reaped_total", "Sent events removed from the outbox after their time", {},
                       static_cast<double>(reaped.value()));
    co_await env_.scheduler.sleep(between_portions);
  }
}

}  // namespace chassis::outbox
