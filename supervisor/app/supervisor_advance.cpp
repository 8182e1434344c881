// What follows from a change: who may start now, who must stop next, what is gone. Each change looks only at those whom
// it can concern, so that a thousand services cost a thousand times as much as one and not more.

#include <algorithm>

#include "supervisor/app/supervisor.hpp"

namespace app {

using core::Event;
using core::State;

void Supervisor::advance() {
  again_ = true;
  if (held_) return;
  held_ = true;
  while (std::exchange(again_, false)) {
    clear_leaving();
    if (mode_ == Mode::running) {
      roll_all();
      restart_waiting();
      start_waiting();
    }
    if (mode_ == Mode::ending) stop_next();
  }
  held_ = false;
}

void Supervisor::roll_all() {
  for (const auto& name : std::set<std::string>(rolling_)) {
    const auto found = services_.find(name);
    if (found != services_.end() && found->second.roll) roll_on(found->second);
    if (found != services_.end() && found->second.roll) continue;
    rolling_.erase(name);
    if (found == services_.end() || !std::exchange(found->second.outdated, false)) continue;
    replace_changed(found->second);
    again_ = true;
  }
}

void Supervisor::start_waiting() {
  for (const auto& name : std::set<std::string>(pending_)) {
    const auto found = services_.find(name);
    bool any = false;
    if (found != services_.end()) {
      for (Instance* one : found->second.all()) any = start_if_met(found->second, *one) || any;
    }
    if (!any) pending_.erase(name);
  }
}

// True while it waits on.
bool Supervisor::start_if_met(const Runtime& runtime, Instance& instance) {
  if (instance.state() != State::pending) return false;
  for (const auto& before : runtime.leaving) {
    const bool same = before->number() == instance.number() && !before->replaced();
    if (!same || before.get() == &instance || !is_active(*before)) continue;
    instance.explain("waits for the process before it to end");
    return true;
  }
  const std::string missing = unmet(*runtime.service);
  if (missing.empty()) {
    instance.handle(Event::deps_met, "dependencies are there");
  } else {
    instance.explain("waits for " + missing);
  }
  return instance.state() == State::pending;
}

// Those that run on without a dependency that crashed, and are to begin anew with it.
void Supervisor::restart_waiting() {
  for (const auto& name : std::set<std::string>(restart_when_met_)) {
    const auto found = services_.find(name);
    if (found != services_.end() && !unmet(*found->second.service).empty()) continue;
    restart_when_met_.erase(name);
    if (found == services_.end()) continue;
    for (const auto& one : found->second.instances) {
      if (core::has_process(one->state())) one->handle(Event::restart, "a dependency has come back");
    }
  }
}

void Supervisor::clear_leaving() {
  bool any_removed = false;
  for (const auto& name : std::exchange(touched_, {})) {
    const auto found = services_.find(name);
    if (found == services_.end()) continue;
    Runtime& runtime = found->second;
    clear_leaving(runtime);
    if (!runtime.any(is_active)) outside_.plans.close_sockets(name);
    if (!runtime.removed || !runtime.leaving.empty() || !runtime.instances.empty()) continue;
    services_.erase(found);
    any_removed = true;
  }
  if (any_removed) order();
}

// What has left for good. Later, because an instance is not destroyed from inside its own doing.
void Supervisor::clear_leaving(Runtime& runtime) {
  for (std::size_t i = 0; i < runtime.leaving.size();) {
    if (is_active(*runtime.leaving[i])) {
      ++i;
      continue;
    }
    gone_.push_back(std::move(runtime.leaving[i]));
    runtime.leaving.erase(runtime.leaving.begin() + static_cast<std::ptrdiff_t>(i));
    outside_.timers.cancel(gone_timer_);
    gone_timer_ = outside_.timers.after(std::chrono::milliseconds(0), [this] { gone_.clear(); });
  }
}

bool Supervisor::has_active_dependent(const std::string& name) const {
  const auto dependents = dependents_.find(name);
  if (dependents == dependents_.end()) return false;
  return std::any_of(dependents->second.begin(), dependents->second.end(), [&](const std::string& other) {
    const auto found = services_.find(other);
    return found != services_.end() && found->second.any(is_active);
  });
}

void Supervisor::stop_next() {
  bool any = false;
  for (auto& [name, runtime] : services_) {
    if (!runtime.any(is_active)) continue;
    any = true;
    if (has_active_dependent(name)) continue;
    for (Instance* one : runtime.all()) {
      if (is_active(*one) && one->state() != State::stopping) one->handle(Event::stop, "the cluster goes down");
    }
  }
  if (any || !nobodys_.empty()) return;
  mode_ = Mode::ended;
  outside_.timers.after(std::chrono::milliseconds(0), [this] { done_(); });
}

}  // namespace app
