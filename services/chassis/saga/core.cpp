#include "services/chassis/saga/core.hpp"

#include <array>

namespace chassis::saga {
namespace {

using Kind = Action::Kind;

// What becomes of the step that is waited for: left alone, the next one, undone from here or from the one before, asked
// to be undone once more.
enum class Move : std::uint8_t { stay, forward, undo, undo_before, again };

using enum Move;
constexpr std::array<std::array<Move, whats>, phases> table{{
    //                 done     refused      compensated  timed_out  cancel
    /* running */ {forward, undo_before, stay, undo, undo},
    /* compensating */ {stay, stay, undo_before, again, stay},
    /* completed */ {stay, stay, stay, stay, stay},
    /* compensated */ {stay, stay, stay, stay, stay},
}};
static_assert(static_cast<std::size_t>(Phase::compensated) + 1 == phases, "a row for each phase");
static_assert(static_cast<std::size_t>(What::cancel) + 1 == whats, "a column for each event");

constexpr std::array<std::string_view, phases> phase_names{"running", "compensating", "completed", "compensated"};
constexpr std::array<std::string_view, whats> what_names{"done", "refused", "compensated", "timed_out", "cancel"};

// Undoes the steps below `end`, the last one first; over those that cannot be undone.
Outcome undo_below(const Definition& definition, State state, std::size_t end) {
  state.phase = Phase::compensating;
  while (end > 0) {
    --end;
    if (definition.steps[end].compensation.empty()) continue;
    state.step = end;
    return {std::move(state), {{Kind::compensate, end}}};
  }
  state.phase = Phase::compensated;
  return {std::move(state), {{Kind::end}}};
}

Outcome forward_from(const Definition& definition, State state) {
  if (state.step + 1 == definition.steps.size()) {
    state.phase = Phase::completed;
    return {std::move(state), {{Kind::complete}}};
  }
  ++state.step;
  const auto next = state.step;
  return {std::move(state), {{Kind::request, next}}};
}

// payment_timeout; what the event says; payment_refused when it says nothing.
std::string reason_of(const Step& step, const Event& event) {
  if (event.what == What::timed_out) return step.name + "_timeout";
  return event.reason.empty() ? step.name + "_" + std::string(name_of(event.what)) : event.reason;
}

bool is_answer(What what) { return what == What::done || what == What::refused || what == What::compensated; }

}  // namespace

Outcome begin(const Definition& /*definition*/) { return {State{}, {{Kind::request, 0}}}; }

Outcome step(const Definition& definition, const State& state, const Event& event) {
  if (is_answer(event.what) && event.step != state.step) return {state, {}};
  const auto move = table[static_cast<std::size_t>(state.phase)][static_cast<std::size_t>(event.what)];
  auto next = state;
  if (state.phase == Phase::running && (move == undo || move == undo_before)) {
    next.reason = reason_of(definition.steps[state.step], event);
  }
  switch (move) {
    case stay:
      break;
    case forward:
      return forward_from(definition, std::move(next));
    case undo:
      return undo_below(definition, std::move(next), state.step + 1);
    case undo_before:
      return undo_below(definition, std::move(next), state.step);
    case again:
      return {std::move(next), {{Kind::compensate, state.step}}};
  }
  return {state, {}};
}

std::optional<Event> answer_of(const Definition& definition, std::string_view type) {
  if (type.empty()) return std::nullopt;
  for (std::size_t i = 0; i < definition.steps.size(); ++i) {
    const auto& at = definition.steps[i];
    if (type == at.done) return Event{What::done, i};
    if (type == at.refused) return Event{What::refused, i};
    if (type == at.compensated) return Event{What::compensated, i};
  }
  return std::nullopt;
}

const std::string& said_by(const Definition& definition, const Action& action) {
  switch (action.kind) {
    case Kind::request:
      return definition.steps.at(action.step).request;
    case Kind::compensate:
      return definition.steps.at(action.step).compensation;
    case Kind::complete:
      return definition.completed;
    case Kind::end:
      break;
  }
  return definition.ended;
}

std::string_view name_of(Phase phase) { return phase_names[static_cast<std::size_t>(phase)]; }

std::optional<Phase> phase_of(std::string_view name) {
  for (std::size_t i = 0; i < phases; ++i) {
    if (phase_names[i] == name) return static_cast<Phase>(i);
  }
  return std::nullopt;
}

std::string_view name_of(What what) { return what_names[static_cast<std::size_t>(what)]; }

}  // namespace chassis::saga
