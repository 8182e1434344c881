#include "services/chassis/saga/saga.hpp"

#include <algorithm>

#include "services/chassis/saga/store.hpp"

namespace chassis {

using base::Result;
using saga::Event;
using saga::Instance;
using saga::Phase;
using saga::Transition;
using saga::What;

namespace {

using Kind = saga::Action::Kind;

bool is_over(Phase phase) { return phase == Phase::completed || phase == Phase::compensated; }

// What the row of the step that was waited for says of its end; empty when it is to be undone, or was not its end.
std::string end_of(const Transition& transition) {
  const bool is_undone_now =
      std::any_of(transition.actions.begin(), transition.actions.end(), [&](const saga::Action& action) {
        return action.kind == Kind::compensate && action.step == transition.before.step;
      });
  switch (transition.what) {
    case What::done:
      return "done";
    case What::refused:
      return "refused";
    case What::compensated:
      return "compensated";
    case What::timed_out:
    case What::cancel:
      return is_undone_now ? "" : "timed_out";
  }
  return "";
}

// The rows of the steps after a transition.
Result<void> keep_steps(db::Transaction& tx, const Transition& transition, const std::string& detail,
                        const saga::Moment& now) {
  const auto& waited_for = transition.before.step;
  if (const auto end = end_of(transition); !end.empty()) {
    TRY(saga::end_step(tx, transition.id, waited_for, end, detail, now));
  }
  const bool is_first = transition.before.phase == Phase::running;
  for (const auto& action : transition.actions) {
    if (action.kind == Kind::request) {
      TRY(saga::begin_step(tx, transition.id, action.step, now));
    } else if (action.kind == Kind::compensate) {
      TRY(saga::undo_step(tx, transition.id, action.step, is_first ? transition.after.reason : "", now));
    }
  }
  return base::success();
}

}  // namespace

Saga::Saga(Environment& env, db::Database& database, saga::Definition definition, React react,
           std::function<void()> committed, saga::Options options)
    : env_(env),
      database_(database),
      definition_(std::move(definition)),
      react_(std::move(react)),
      committed_(std::move(committed)),
      options_(options) {}

// Half of it random, so that what was lost together does not come again together.
std::chrono::milliseconds Saga::pause(std::int64_t asked) const {
  const auto doublings = std::min<std::int64_t>(asked, 20);
  const auto whole = std::min(options_.retry * (std::int64_t{1} << doublings), options_.retry_cap);
  return whole / 2 + std::chrono::milliseconds(env_.random.below(static_cast<std::uint32_t>(whole.count() / 2 + 1)));
}

// Only of what is not over.
std::int64_t Saga::deadline_of(const saga::State& state, std::int64_t asked) const {
  const auto now = saga::moment_of(env_.clock.wall()).milliseconds;
  const bool is_running = state.phase == Phase::running;
  return now + (is_running ? definition_.steps.at(state.step).timeout : pause(asked)).count();
}

Result<Transition> Saga::begin(db::Transaction& tx, const CallContext& context, const std::string& id) const {
  const auto first = saga::begin(definition_);
  const auto now = saga::moment_of(env_.clock.wall());
  Instance instance{id,
                    first.state,
                    now.text,
                    now.text,
                    deadline_of(first.state, 0),
                    0,
                    context.trace.traceparent(),
                    context.trace.tracestate,
                    context.request_id};
  TRY(saga::add_instance(tx, definition_.kind, instance));
  TRY(saga::begin_step(tx, id, first.state.step, now));
  const Transition transition{id, first.state, first.state, What::done, first.actions};
  TRY(react_(tx, context, transition));
  return transition;
}

Result<std::optional<Transition>> Saga::advance(db::Transaction& tx, const CallContext& context, const std::string& id,
                                                const Event& event) const {
  TRY(auto found, saga::find_instance(tx, definition_.kind, id));
  if (!found || found->state.step >= definition_.steps.size()) return std::optional<Transition>();
  const auto outcome = saga::step(definition_, found->state, event);
  if (outcome.actions.empty()) return std::optional<Transition>();
  const Transition transition{id, found->state, outcome.state, event.what, outcome.actions};
  const bool is_again = outcome.state == found->state;
  TRY(move(tx, context, transition, event, found->retries + (is_again ? 1 : 0)));
  return std::optional<Transition>(transition);
}

Result<void> Saga::move(db::Transaction& tx, const CallContext& context, const Transition& transition,
                        const Event& event, std::int64_t retries) const {
  const auto now = saga::moment_of(env_.clock.wall());
  Instance instance;
  instance.id = transition.id;
  instance.state = transition.after;
  instance.retries = retries;
  if (!is_over(transition.after.phase)) {
    const bool is_again = transition.after == transition.before;
    std::int64_t asked = 0;  // before, for the same compensation: each step's pauses begin short
    if (is_again) {
      TRY(asked, saga::attempts_of(tx, transition.id, transition.after.step));
    }
    instance.deadline = deadline_of(transition.after, asked);
  }
  TRY(saga::keep_instance(tx, instance, now));
  TRY(keep_steps(tx, transition, event.detail, now));
  return react_(tx, context, transition);
}

void Saga::committed(const std::optional<Transition>& moved) {
  if (!moved) return;
  const auto& step = definition_.steps.at(moved->before.step).name;
  env_.metrics.count("saga_transitions_total", "Transitions of sagas, by the step they left and the state they led to",
                     {{"kind", definition_.kind}, {"step", step}, {"to", std::string(name_of(moved->after.phase))}});
  const base::Json fields{
      {"saga", moved->id}, {"kind", definition_.kind}, {"step", step}, {"reason", moved->after.reason}};
  if (moved->what == What::timed_out && moved->before.phase == Phase::compensating) {
    env_.metrics.count("saga_compensation_retries_total", "Compensations that were asked for again",
                       {{"kind", definition_.kind}, {"step", step}});
    env_.log.warning("a compensation was not answered and is asked for again", fields);
  } else if (moved->before.phase == Phase::running && moved->after.phase == Phase::compensating) {
    env_.log.info("a saga is undone", fields);
  }
  committed_();
}

}  // namespace chassis
