#pragma once
// A saga that survives: each instance is a row, every transition of it a transaction, in which the service's own rows
// change and the events of its actions go into the outbox. Whoever dies when, the instance stands where its last commit
// left it; its deadline is in the row too, so that time-outs come after a restart as well. Tables: table.hpp.
//
//   chassis::Saga saga(env, database, definition, react, [&relay] { relay.wake(); });
//   env.scheduler.spawn(saga.run());
//   api.operate("saga", [&saga](base::Json request) { return saga.operate(std::move(request)); });
//
// An answer is handled in one transaction with the ledger:
//
//   TRY(auto moved, saga.advance(tx, context, order_id, event));
//   TRY(chassis::ledger::keep(tx, context));
//
// and after its commit `saga.committed(moved)` counts it. Any number of processes may share the tables: a transition
// begins by reading the row, and writers come one after the other.
//
// Compensations never fail and never end: a request that is not answered is said again, as a new event, after a pause
// that doubles from `retry` to `retry_cap`.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/chassis/saga/core.hpp"

namespace chassis {

namespace saga {

struct Options {
  std::chrono::milliseconds retry{5'000};        // first pause after a compensation request; half of it random
  std::chrono::milliseconds retry_cap{300'000};  // longest such pause
  std::chrono::milliseconds sweep{200};          // how often deadlines are looked at; jittered by half
  std::chrono::milliseconds measure_every{5'000};
  std::chrono::minutes stuck_after{10};  // an instance that is compensated for so long is counted as stuck
};

// One transition that was made, or is about to be.
struct Transition {
  std::string id;
  State before;
  State after;
  What what = What::done;  // what caused it; of the beginning nothing did
  std::vector<Action> actions;
};

}  // namespace saga

// Thread-safe.
class Saga {
 public:
  // What a transition means to the service: its rows change, and what the actions say goes into the outbox. Runs in the
  // transaction, on the database's thread. An error undoes the transition.
  using React = std::function<base::Result<void>(db::Transaction&, const CallContext&, const saga::Transition&)>;

  // `committed` is called after each commit that left events in the outbox. `env` and `database` are lent.
  Saga(Environment& env, db::Database& database, saga::Definition definition, React react,
       std::function<void()> committed, saga::Options options = {});

  // In a transaction of the caller's, which may run again from its beginning. `id` is the aggregate's, one saga each.
  base::Result<saga::Transition> begin(db::Transaction& tx, const CallContext& context, const std::string& id) const;
  // Empty when the event changes nothing: it came too late, twice, or there is no such instance.
  base::Result<std::optional<saga::Transition>> advance(db::Transaction& tx, const CallContext& context,
                                                        const std::string& id, const saga::Event& event) const;
  // After the commit of either.
  void committed(const std::optional<saga::Transition>& moved);

  const saga::Definition& definition() const { return definition_; }

  // Time-outs and gauges, until shutdown is requested. Spawn it once.
  base::Task<> run();

  // For the operator:
  //   {"do": "list", "state": "running", "limit": 100, "after": ID}, all but "do" optional; newest first, by id →
  //     {"sagas": [{"id", "kind", "state", "step", "reason", "started_at", "updated_at", "deadline", "retries"}],
  //      "next": ID for "after", or null}
  //   {"do": "show", "id": ID} → the same members and "steps": [{"name", "state", "started_at", "ended_at", "attempts",
  //     "detail"}]
  // "state" is running, compensating, completed or compensated; absent or empty: any. "limit" is 1 to 1000.
  // "step" is the step that is waited for, "deadline" until when, "retries" how often compensations, of all
  // its steps, were asked for again. "ended_at" of a step is when the step itself ended, not its compensation. A step
  // is waiting (for its answer; "started_at" null: for its turn), done, refused, timed_out (and cannot be undone),
  // compensating, compensated or skipped (never begun); "attempts" is how often it, or its compensation, was asked for.
  // Times are RFC 3339 in UTC with milliseconds; what does not apply is null. Errors: malformed; not_found.
  base::Task<base::Result<base::Json>> operate(base::Json request);

 private:
  base::Task<bool> time_out_some();
  base::Task<> time_out(std::string id);
  base::Task<> postpone(std::string id, std::string why);
  base::Task<> bring_forward();
  base::Task<> measure();
  base::Result<void> move(db::Transaction& tx, const CallContext& context, const saga::Transition& transition,
                          const saga::Event& event, std::int64_t retries) const;
  std::chrono::milliseconds pause(std::int64_t asked) const;
  std::int64_t deadline_of(const saga::State& state, std::int64_t asked) const;

  Environment& env_;
  db::Database& database_;
  const saga::Definition definition_;
  const React react_;
  const std::function<void()> committed_;
  const saga::Options options_;
};

}  // namespace chassis
