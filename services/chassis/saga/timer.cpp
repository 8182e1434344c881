// Deadlines of sagas, and what is measured of them.
#include "services/chassis/saga/saga.hpp"
#include "services/chassis/saga/store.hpp"

namespace chassis {

using saga::Phase;
using saga::Transition;
using saga::What;

namespace {

constexpr std::int64_t due_at_once = 100;

}  // namespace

base::Task<> Saga::run() {
  const auto signal = env_.scheduler.make_signal();
  auto measure_at = env_.clock.monotonic();
  while (!env_.scheduler.shutting_down()) {
    if (env_.clock.monotonic() >= measure_at) {
      co_await bring_forward();
      co_await measure();
      measure_at = env_.clock.monotonic() + options_.measure_every;
    }
    const bool has_more = co_await time_out_some();
    if (has_more || env_.scheduler.shutting_down()) continue;
    const auto half = static_cast<std::uint32_t>(options_.sweep.count() / 2);
    co_await signal->wait(options_.sweep * 3 / 4 + std::chrono::milliseconds(env_.random.below(half)));
  }
}

// Whether there may be more of them.
base::Task<bool> Saga::time_out_some() {
  using Ids = std::vector<std::string>;
  const auto now = saga::moment_of(env_.clock.wall()).milliseconds;
  std::function<base::Result<Ids>(db::Transaction&)> look = [now, kind = definition_.kind](db::Transaction& tx) {
    return saga::due(tx, kind, now, due_at_once);
  };
  const auto found = co_await database_.read<Ids>(env_.clock.monotonic() + saga::patience, std::move(look));
  if (!found) co_return false;  // readiness tells of a database that is away
  for (const auto& id : found.value()) {
    if (env_.scheduler.shutting_down()) break;
    co_await time_out(id);
  }
  co_return found.value().size() == static_cast<std::size_t>(due_at_once);
}

// Another process may have been faster, or the answer: so the row is read again in the transaction that changes it.
base::Task<> Saga::time_out(std::string id) {
  using Moved = std::optional<Transition>;
  const auto deadline = env_.clock.monotonic() + saga::patience;
  const auto now = saga::moment_of(env_.clock.wall()).milliseconds;
  std::function<base::Result<Moved>(db::Transaction&)> work = [this, id, deadline,
                                                               now](db::Transaction& tx) -> base::Result<Moved> {
    TRY(const auto found, saga::find_instance(tx, definition_.kind, id));
    if (!found || !found->deadline || *found->deadline > now) return Moved();
    CallContext context;
    context.trace = continue_trace(found->traceparent, found->tracestate, env_.random);
    context.request_id = found->request_id;
    context.deadline = deadline;
    return advance(tx, context, id, {What::timed_out, found->state.step, {}, {}});
  };
  const auto moved = co_await database_.write<Moved>(deadline, std::move(work));
  if (moved) {
    committed(moved.value());
    co_return;
  }
  const bool is_away =
      moved.error().code == base::ErrorCode::unavailable || moved.error().code == base::ErrorCode::timeout;
  if (!is_away) co_await postpone(std::move(id), moved.error().message);
}

// What fails for a reason of its own must not keep the others from their time-outs.
base::Task<> Saga::postpone(std::string id, std::string why) {
  const base::Json fields{{"saga", id}, {"kind", definition_.kind}, {"error", std::move(why)}};
  env_.log.error("a saga's time-out could not be handled", fields);
  const auto deadline = saga::moment_of(env_.clock.wall()).milliseconds + options_.retry_cap.count();
  db::Work work = [id = std::move(id), deadline](db::Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("UPDATE saga_instance SET deadline = $2 WHERE id = $1", {id, deadline}));
    return base::success();
  };
  static_cast<void>(co_await database_.write(env_.clock.monotonic() + saga::patience, std::move(work)));
}

base::Task<> Saga::bring_forward() {
  auto longest = options_.retry_cap;
  for (const auto& step : definition_.steps) longest = std::max(longest, step.timeout);
  const auto latest = saga::moment_of(env_.clock.wall() + longest).milliseconds;
  db::Work work = [latest, kind = definition_.kind](db::Transaction& tx) {
    return saga::bring_forward(tx, kind, latest);
  };
  static_cast<void>(co_await database_.write(env_.clock.monotonic() + saga::patience, std::move(work)));
}

base::Task<> Saga::measure() {
  using Counts = std::vector<std::int64_t>;  // by phase, then those that are stuck
  const auto since = saga::moment_of(env_.clock.wall() - options_.stuck_after).milliseconds;
  std::function<base::Result<Counts>(db::Transaction&)> look =
      [since, kind = definition_.kind](db::Transaction& tx) -> base::Result<Counts> {
    Counts counts;
    for (std::size_t i = 0; i < saga::phases; ++i) {
      TRY(const auto some, saga::count(tx, kind, static_cast<Phase>(i)));
      counts.push_back(some);
    }
    TRY(const auto stuck, saga::count_compensating(tx, kind, since));
    counts.push_back(stuck);
    return counts;
  };
  const auto counts = co_await database_.read<Counts>(env_.clock.monotonic() + saga::patience, std::move(look));
  if (!counts) co_return;
  for (std::size_t i = 0; i < saga::phases; ++i) {
    env_.metrics.gauge("sagas", "Sagas by state; not exact from 100000 on",
                       {{"kind", definition_.kind}, {"state", std::string(name_of(static_cast<Phase>(i)))}},
                       static_cast<double>(counts.value()[i]));
  }
  env_.metrics.gauge("sagas_stuck", "Sagas whose compensation has gone on for more than ten minutes",
                     {{"kind", definition_.kind}}, static_cast<double>(counts.value().back()));
}

}  // namespace chassis
