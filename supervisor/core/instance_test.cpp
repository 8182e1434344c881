#include "supervisor/core/instance.hpp"

#include <gmock/gmock.h>

#include <initializer_list>
#include <set>
#include <string>

namespace core {
namespace {

using S = State;
using E = Event;
using A = Action;
using Actions = std::vector<Action>;

constexpr auto exits = {E::exited_final, E::exited_failed, E::exited_again};

// Follows a path through the table and collects what it asked for.
struct Life {
  S state = S::stopped;
  Actions actions;

  Life& on(std::initializer_list<E> events) {
    for (E event : events) {
      Step next = step(state, event);
      state = next.state;
      actions.insert(actions.end(), next.actions.begin(), next.actions.end());
    }
    return *this;
  }
};

Life after(std::initializer_list<E> events) {
  Life life;
  life.on(events);
  life.actions.clear();
  return life;
}

Life ready() { return after({E::start, E::deps_met, E::spawned, E::probe_ok}); }

void unchanged(S state, E event) { EXPECT_EQ(step(state, event), (Step{state, {}})) << name(state) << int(event); }

TEST(Instance, NormalLife) {
  Life life;
  life.on({E::start, E::deps_met, E::spawned, E::probe_ok});
  EXPECT_EQ(life.state, S::ready);
  EXPECT_EQ(life.actions, (Actions{A::reset_backoff, A::await_deps, A::spawn, A::watch_ready}));
  life.actions.clear();
  life.on({E::stop});
  EXPECT_EQ(life.state, S::stopping);
  life.on({E::exited_failed});
  EXPECT_EQ(life.state, S::stopped);
  EXPECT_EQ(life.actions, (Actions{A::unwatch, A::terminate}));
}

TEST(Instance, StopWhilePendingNeedsNoProcess) {
  EXPECT_EQ(step(S::pending, E::stop), (Step{S::stopped, {}}));
  unchanged(S::stopped, E::deps_met);
}

TEST(Instance, RestartWhilePendingStaysPending) {
  EXPECT_EQ(step(S::pending, E::restart), (Step{S::pending, {A::reset_backoff}}));
}

TEST(Instance, SecondStartChangesNothing) {
  for (S state : {S::pending, S::starting, S::ready, S::degraded, S::restarting}) unchanged(state, E::start);
}

TEST(Instance, ReadinessFlaps) {
  Life life = ready();
  life.on({E::probe_failed});
  EXPECT_EQ(life.state, S::degraded);
  life.on({E::probe_failed});
  EXPECT_EQ(life.state, S::degraded);
  life.on({E::probe_ok});
  EXPECT_EQ(life.state, S::ready);
  EXPECT_TRUE(life.actions.empty());
}

TEST(Instance, ProbesBeforeReadinessDecideNothing) {
  unchanged(S::starting, E::probe_failed);
  unchanged(S::starting, E::live_failed);
}

TEST(Instance, ProbesWhileStoppingAreIgnored) {
  for (S state : {S::stopping, S::restarting, S::stopped, S::failed, S::backoff}) {
    for (E event : {E::probe_ok, E::probe_failed, E::live_failed, E::start_timeout}) unchanged(state, event);
  }
}

TEST(Instance, CrashIsRetriedOrFinal) {
  for (S state : {S::starting, S::ready, S::degraded}) {
    EXPECT_EQ(step(state, E::exited_again), (Step{S::backoff, {A::unwatch, A::arm_backoff}}));
    EXPECT_EQ(step(state, E::exited_failed), (Step{S::failed, {A::unwatch}}));
    EXPECT_EQ(step(state, E::exited_final), (Step{S::completed, {A::unwatch}}));
  }
}

TEST(Instance, BackoffWaitsForDependenciesAgain) {
  Life life = ready();
  life.on({E::exited_again, E::backoff_over, E::deps_met});
  EXPECT_EQ(life.state, S::starting);
  EXPECT_EQ(life.actions, (Actions{A::unwatch, A::arm_backoff, A::await_deps, A::spawn}));
}

TEST(Instance, OperatorEndsBackoff) {
  for (E event : {E::start, E::restart}) {
    EXPECT_EQ(step(S::backoff, event), (Step{S::pending, {A::disarm_backoff, A::reset_backoff, A::await_deps}}));
  }
  EXPECT_EQ(step(S::backoff, E::stop), (Step{S::stopped, {A::disarm_backoff}}));
  unchanged(S::stopped, E::backoff_over);
}

TEST(Instance, AnyExitWhileStoppingIsStopped) {
  for (E exit : exits) {
    EXPECT_EQ(step(S::stopping, exit), (Step{S::stopped, {}}));
    EXPECT_EQ(step(S::restarting, exit), (Step{S::pending, {A::await_deps}}));
  }
}

TEST(Instance, GraceEndsInKill) {
  for (S state : {S::stopping, S::restarting}) EXPECT_EQ(step(state, E::grace_over), (Step{state, {A::kill}}));
  for (S state : {S::ready, S::stopped, S::pending, S::failed}) unchanged(state, E::grace_over);
}

TEST(Instance, RestartForgetsCrashes) {
  for (S state : {S::starting, S::ready, S::degraded}) {
    EXPECT_EQ(step(state, E::restart), (Step{S::restarting, {A::reset_backoff, A::unwatch, A::terminate}}));
  }
}

TEST(Instance, StopAndStartWhileEnding) {
  EXPECT_EQ(step(S::stopping, E::start), (Step{S::restarting, {A::reset_backoff}}));
  EXPECT_EQ(step(S::stopping, E::restart), (Step{S::restarting, {A::reset_backoff}}));
  EXPECT_EQ(step(S::restarting, E::stop), (Step{S::stopping, {}}));
  unchanged(S::stopping, E::stop);
}

TEST(Instance, EndedOnesStartAfresh) {
  for (S state : {S::stopped, S::completed, S::failed}) {
    for (E event : {E::start, E::restart}) {
      EXPECT_EQ(step(state, event), (Step{S::pending, {A::reset_backoff, A::await_deps}}));
    }
    unchanged(state, E::stop);
  }
}

TEST(Instance, StartTimeoutEndsTheProcessFirst) {
  for (auto [exit, end] : {std::pair{E::exited_again, S::backoff}, std::pair{E::exited_failed, S::failed}}) {
    Life life = after({E::start, E::deps_met, E::spawned});
    life.on({E::start_timeout});
    EXPECT_EQ(life.state, S::starting);
    EXPECT_EQ(life.actions, (Actions{A::unwatch, A::terminate}));
    life.actions.clear();
    life.on({E::grace_over});
    EXPECT_EQ(life.actions, Actions{A::kill});
    life.on({exit});
    EXPECT_EQ(life.state, end);
  }
  unchanged(S::ready, E::start_timeout);
  unchanged(S::degraded, E::start_timeout);
}

TEST(Instance, LiveFailureEndsTheProcessFirst) {
  for (S state : {S::ready, S::degraded}) {
    EXPECT_EQ(step(state, E::live_failed), (Step{S::degraded, {A::unwatch, A::terminate}}));
  }
  EXPECT_EQ(step(S::degraded, E::grace_over), (Step{S::degraded, {A::kill}}));
}

TEST(Instance, BootIsNotReadinessYet) {
  EXPECT_EQ(step(S::starting, E::boot_ok), (Step{S::degraded, {}}));
  EXPECT_EQ(step(S::degraded, E::probe_ok), (Step{S::ready, {}}));
  for (S state : {S::ready, S::degraded, S::stopping, S::backoff}) unchanged(state, E::boot_ok);
}

TEST(Instance, AdoptedOneIsWatchedAndNotSpawned) {
  EXPECT_EQ(step(S::stopped, E::adopted), (Step{S::starting, {A::watch_ready}}));
  for (S state : {S::pending, S::starting, S::ready, S::stopping, S::failed}) unchanged(state, E::adopted);
}

TEST(Instance, HeldOneEndsAndWaitsWithItsCrashesRemembered) {
  for (S state : {S::starting, S::ready, S::degraded}) {
    EXPECT_EQ(step(state, E::hold), (Step{S::restarting, {A::unwatch, A::terminate}}));
  }
  EXPECT_EQ(step(S::restarting, E::exited_again), (Step{S::pending, {A::await_deps}}));
  for (S state : {S::pending, S::stopping, S::stopped, S::completed, S::failed, S::backoff}) unchanged(state, E::hold);
}

TEST(Instance, CrashWhileStoppingIsStopped) {
  Life life = ready();
  life.on({E::stop, E::exited_again});
  EXPECT_EQ(life.state, S::stopped);
  EXPECT_EQ(life.actions, (Actions{A::unwatch, A::terminate}));
}

TEST(Instance, SecondUpDuringBackoffStartsNow) {
  Life life = ready();
  life.on({E::exited_again});
  life.actions.clear();
  life.on({E::start});
  EXPECT_EQ(life.actions, (Actions{A::disarm_backoff, A::reset_backoff, A::await_deps}));
}

TEST(Instance, SpawnFailureIsFinal) { EXPECT_EQ(step(S::starting, E::spawn_failed), (Step{S::failed, {}})); }

TEST(Instance, StopThatOvertakesTheSpawn) {
  Life life = after({E::start, E::deps_met});
  life.on({E::stop, E::spawned, E::exited_failed});
  EXPECT_EQ(life.state, S::stopped);
  EXPECT_EQ(life.actions, (Actions{A::unwatch, A::terminate, A::terminate}));
  EXPECT_EQ(step(S::stopping, E::spawn_failed), (Step{S::stopped, {}}));
  EXPECT_EQ(step(S::restarting, E::spawn_failed), (Step{S::pending, {A::await_deps}}));
}

TEST(Instance, TableKeepsItsInvariants) {
  for (int s = 0; s < int(S::count_); ++s) {
    for (int e = 0; e < int(E::count_); ++e) {
      const Step next = step(S(s), E(e));
      const std::set<A> asked(next.actions.begin(), next.actions.end());
      EXPECT_EQ(asked.size(), next.actions.size());
      EXPECT_TRUE(!asked.contains(A::spawn) || next.state == S::starting);
      EXPECT_TRUE(!asked.contains(A::terminate) || has_process(next.state));
      EXPECT_EQ(asked.contains(A::arm_backoff), next.state == S::backoff && S(s) != S::backoff);
      EXPECT_EQ(asked.contains(A::await_deps), next.state == S::pending && S(s) != S::pending);
      const bool process_gone =
          E(e) == E::spawn_failed || E(e) == E::exited_final || E(e) == E::exited_failed || E(e) == E::exited_again;
      EXPECT_TRUE(!has_process(S(s)) || has_process(next.state) || process_gone) << "lost process: " << s << ' ' << e;
    }
  }
}

TEST(Instance, NamesAsUsersSeeThem) {
  EXPECT_EQ(name(S::restarting), "stopping");
  EXPECT_EQ(name(S::pending), "pending");
  EXPECT_EQ(name(S::backoff), "backoff");
}

}  // namespace
}  // namespace core
