#include "supervisor/core/instance.hpp"

#include <array>
#include <cstddef>

namespace core {
namespace {

using S = State;
using E = Event;
using A = Action;

constexpr std::size_t state_count = static_cast<std::size_t>(S::count_);
constexpr std::size_t event_count = static_cast<std::size_t>(E::count_);
constexpr std::size_t max_actions = 3;

struct Actions {
  std::array<A, max_actions> items{};
  std::size_t count = 0;

  constexpr Actions() = default;
  template <class... Rest>
  constexpr Actions(A first, Rest... rest) : items{first, rest...}, count(1 + sizeof...(rest)) {}
};

struct Cell {
  S next{};
  Actions actions;
};

struct Row {
  S state;
  E event;
  S next;
  Actions actions;
};

constexpr Actions halt{A::unwatch, A::terminate};
constexpr Actions halt_afresh{A::reset_backoff, A::unwatch, A::terminate};
constexpr Actions begin_afresh{A::reset_backoff, A::await_deps};
constexpr Actions begin_now{A::disarm_backoff, A::reset_backoff, A::await_deps};
constexpr Actions retry_later{A::unwatch, A::arm_backoff};

// Every pair that does something; the others change nothing.
constexpr std::array rows{
    // Waits for its dependencies: there is no process yet, so a stop is done at once.
    Row{S::pending, E::stop, S::stopped, {}},
    Row{S::pending, E::restart, S::pending, A::reset_backoff},
    Row{S::pending, E::deps_met, S::starting, A::spawn},

    // Liveness is not asked before the first readiness: a slow start is start_timeout's business. That one leaves the
    // state alone until the process is gone, or the next start would meet the old process on its port.
    Row{S::starting, E::stop, S::stopping, halt},
    Row{S::starting, E::restart, S::restarting, halt_afresh},
    Row{S::starting, E::spawned, S::starting, A::watch_ready},
    Row{S::starting, E::spawn_failed, S::failed, {}},
    Row{S::starting, E::boot_ok, S::degraded, {}},
    Row{S::starting, E::probe_ok, S::ready, {}},
    Row{S::starting, E::hold, S::restarting, halt},
    Row{S::starting, E::start_timeout, S::starting, halt},
    Row{S::starting, E::grace_over, S::starting, A::kill},
    Row{S::starting, E::exited_final, S::completed, A::unwatch},
    Row{S::starting, E::exited_failed, S::failed, A::unwatch},
    Row{S::starting, E::exited_again, S::backoff, retry_later},

    Row{S::ready, E::stop, S::stopping, halt},
    Row{S::ready, E::restart, S::restarting, halt_afresh},
    Row{S::ready, E::hold, S::restarting, halt},
    Row{S::ready, E::probe_failed, S::degraded, {}},
    Row{S::ready, E::live_failed, S::degraded, halt},
    Row{S::ready, E::exited_final, S::completed, A::unwatch},
    Row{S::ready, E::exited_failed, S::failed, A::unwatch},
    Row{S::ready, E::exited_again, S::backoff, retry_later},

    // Also where an instance waits for its end after live_failed.
    Row{S::degraded, E::stop, S::stopping, halt},
    Row{S::degraded, E::restart, S::restarting, halt_afresh},
    Row{S::degraded, E::hold, S::restarting, halt},
    Row{S::degraded, E::probe_ok, S::ready, {}},
    Row{S::degraded, E::live_failed, S::degraded, halt},
    Row{S::degraded, E::grace_over, S::degraded, A::kill},
    Row{S::degraded, E::exited_final, S::completed, A::unwatch},
    Row{S::degraded, E::exited_failed, S::failed, A::unwatch},
    Row{S::degraded, E::exited_again, S::backoff, retry_later},

    // A stop may overtake the spawn: the process that then appears has not had its SIGTERM.
    Row{S::stopping, E::start, S::restarting, A::reset_backoff},
    Row{S::stopping, E::restart, S::restarting, A::reset_backoff},
    Row{S::stopping, E::spawned, S::stopping, A::terminate},
    Row{S::stopping, E::spawn_failed, S::stopped, {}},
    Row{S::stopping, E::grace_over, S::stopping, A::kill},
    Row{S::stopping, E::exited_final, S::stopped, {}},
    Row{S::stopping, E::exited_failed, S::stopped, {}},
    Row{S::stopping, E::exited_again, S::stopped, {}},

    Row{S::restarting, E::stop, S::stopping, {}},
    Row{S::restarting, E::spawned, S::restarting, A::terminate},
    Row{S::restarting, E::spawn_failed, S::pending, A::await_deps},
    Row{S::restarting, E::grace_over, S::restarting, A::kill},
    Row{S::restarting, E::exited_final, S::pending, A::await_deps},
    Row{S::restarting, E::exited_failed, S::pending, A::await_deps},
    Row{S::restarting, E::exited_again, S::pending, A::await_deps},

    // A stop leaves completed and failed as they are: how it ended is worth more than that nobody wants it.
    Row{S::stopped, E::start, S::pending, begin_afresh},
    Row{S::stopped, E::restart, S::pending, begin_afresh},
    Row{S::stopped, E::adopted, S::starting, A::watch_ready},
    Row{S::completed, E::start, S::pending, begin_afresh},
    Row{S::completed, E::restart, S::pending, begin_afresh},
    Row{S::failed, E::start, S::pending, begin_afresh},
    Row{S::failed, E::restart, S::pending, begin_afresh},

    // Dependencies are awaited again: what killed it may be that one of them went away.
    Row{S::backoff, E::start, S::pending, begin_now},
    Row{S::backoff, E::restart, S::pending, begin_now},
    Row{S::backoff, E::stop, S::stopped, A::disarm_backoff},
    Row{S::backoff, E::backoff_over, S::pending, A::await_deps},
};

using Table = std::array<std::array<Cell, event_count>, state_count>;

constexpr Table make_table() {
  Table table{};
  for (std::size_t s = 0; s < state_count; ++s) {
    for (Cell& cell : table[s]) cell.next = static_cast<S>(s);
  }
  for (const Row& row : rows) {
    table[static_cast<std::size_t>(row.state)][static_cast<std::size_t>(row.event)] = Cell{row.next, row.actions};
  }
  return table;
}

constexpr bool every_pair_once() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t k = i + 1; k < rows.size(); ++k) {
      if (rows[i].state == rows[k].state && rows[i].event == rows[k].event) return false;
    }
  }
  return true;
}

constexpr Table table = make_table();

constexpr std::array<std::string_view, state_count> names{
    "pending", "starting", "ready", "degraded", "stopping", "stopping", "stopped", "completed", "failed", "backoff",
};

static_assert(state_count == 10 && event_count == 18, "a new state or event needs its rows and its name");
static_assert(!names.back().empty());
static_assert(every_pair_once(), "two rows for one state and event");

}  // namespace

Step step(State state, Event event) {
  const Cell& cell = table.at(static_cast<std::size_t>(state)).at(static_cast<std::size_t>(event));
  const auto begin = cell.actions.items.begin();
  return {cell.next, {begin, begin + cell.actions.count}};
}

std::string_view name(State state) { return names.at(static_cast<std::size_t>(state)); }

bool has_process(State state) {
  return state == S::starting || state == S::ready || state == S::degraded || state == S::stopping ||
         state == S::restarting;
}

}  // namespace core
