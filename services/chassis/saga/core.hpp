#pragma once
// The core of a saga: steps in order, each of which can be undone. Either all of them are done, or those that were
// begun are undone in reverse order. `step` is a pure function over a table; another layer carries its actions out.
// (Garcia-Molina and Salem, "Sagas", 1987; here every participant is asked, and answers, by events.)

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chassis::saga {

// One step, by the types of the events around it.
struct Step {
  std::string name;                   // payment
  std::string request;                // what asks for it: order.placed
  std::string done;                   // payment.authorized
  std::string refused;                // payment.declined: nothing was done, nothing is to be undone
  std::chrono::milliseconds timeout;  // for an answer; after it the step is undone, whether it was done or not
  std::string compensation;           // what asks to undo it: order.refund_requested; empty: it cannot be undone
  std::string compensated;            // payment.refunded
};

struct Definition {
  std::string kind;         // order
  std::vector<Step> steps;  // at least one
  std::string completed;    // said when all steps are done
  std::string ended;        // said when all that was begun is undone
};

enum class Phase : std::uint8_t { running, compensating, completed, compensated };
inline constexpr std::size_t phases = 4;

// `step` is the one that is waited for; in a terminal phase it is the last one that was.
struct State {
  Phase phase = Phase::running;
  std::size_t step = 0;
  std::string reason = {};  // why it is undone
  bool operator==(const State&) const = default;
};

enum class What : std::uint8_t { done, refused, compensated, timed_out, cancel };
inline constexpr std::size_t whats = 5;

struct Event {
  What what;
  std::size_t step = 0;     // of an answer: whose
  std::string reason = {};  // of a refusal or a cancellation
  std::string detail = {};  // for people
};

// What is to be said: ask for a step, ask to undo it, say that it is all over, one way or the other.
struct Action {
  enum class Kind : std::uint8_t { request, compensate, complete, end } kind;
  std::size_t step = 0;
  bool operator==(const Action&) const = default;
};

struct Outcome {
  State state;
  std::vector<Action> actions;  // none: the event came too late, twice, or for another step
};

Outcome begin(const Definition& definition);
Outcome step(const Definition& definition, const State& state, const Event& event);

// The answer that an event of this type is; empty when it is none.
std::optional<Event> answer_of(const Definition& definition, std::string_view type);
// Type of the event that an action says.
const std::string& said_by(const Definition& definition, const Action& action);

std::string_view name_of(Phase phase);
std::optional<Phase> phase_of(std::string_view name);
std::string_view name_of(What what);

}  // namespace chassis::saga
