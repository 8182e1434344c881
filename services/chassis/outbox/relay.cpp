#include <algorithm>

#include "services/chassis/outbox/housekeeping.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/chassis/outbox/rounds.hpp"
#include "services/chassis/outbox/store.hpp"

namespace chassis::outbox {
namespace {

constexpr std::chrono::milliseconds first_backoff{100};
constexpr std::chrono::milliseconds held_back{10};

}  // namespace

Relay::Relay(Environment& env, db::Database& database, broker::Broker& broker, RelayOptions options)
    : env_(env),
      options_(options),
      signal_(env.scheduler.make_signal()),
      store_(std::make_unique<Store>(database, env.clock, env.config.database_url.starts_with("postgres"))),
      rounds_(std::make_unique<Rounds>(env, *store_, broker, options_)),
      housekeeping_(std::make_unique<Housekeeping>(env, *store_, options_)) {}

Relay::~Relay() = default;

void Relay::wake() {
  rounds_->wake();
  signal_->set();
}

base::Task<> Relay::run() {
  env_.scheduler.spawn(housekeeping_->run([this] { return rounds_->has_lease(); }));
  std::chrono::milliseconds backoff{0};
  while (!env_.scheduler.shutting_down()) {
    const auto outcome = co_await rounds_->next();
    const auto wait = pause(outcome, backoff);
    if (wait.count() > 0 && !env_.scheduler.shutting_down()) co_await signal_->wait(wait);
  }
  co_await rounds_->end();
}

// How long to wait before the next round: not at all after progress, a sweep when there was nothing, a growing time
// while the broker is away.
std::chrono::milliseconds Relay::pause(const base::Result<int>& outcome, std::chrono::milliseconds& backoff) {
  if (!outcome) {
    if (backoff.count() == 0) {
      const base::Json fields{{"error", outcome.error().message}};
      env_.log.warning("events wait in the outbox", fields);
    }
    backoff = std::clamp(backoff * 2, first_backoff, backoff_cap);
    env_.metrics.count("outbox_publish_failures_total", "Rounds of the outbox relay that failed", {});
    const auto half = static_cast<std::uint32_t>(backoff.count() / 2);
    return backoff / 2 + std::chrono::milliseconds(env_.random.below(half + 1));
  }
  if (backoff.count() > 0) env_.log.info("the outbox is published again");
  backoff = std::chrono::milliseconds(0);
  if (outcome.value() > 0) return backoff;
  if (rounds_->is_held_back()) return held_back;
  return sweep / 2 + std::chrono::milliseconds(env_.random.below(static_cast<std::uint32_t>(sweep.count())));
}

}  // namespace chassis::outbox
