#include "supervisor/app/instance.hpp"

#include <algorithm>

namespace app {
namespace {

using core::Action;
using core::Event;
using core::State;

core::BackoffSettings settings_of(const spec::Restart& restart) {
  return {restart.first, restart.cap, restart.stable, restart.limit};
}

bool does(const core::Step& next, Action action) {
  return std::find(next.actions.begin(), next.actions.end(), action) != next.actions.end();
}

}  // namespace

Instance::Instance(const spec::Service& service, Outside& outside, Owner& owner)
    : service_(service), outside_(outside), owner_(owner), backoff_(settings_of(service.restart), outside.random) {}

void Instance::handle(Event event, std::string reason) {
  waiting_.emplace_back(event, std::move(reason));
  if (handling_) return;
  handling_ = true;
  while (!waiting_.empty()) {
    auto [next, why] = std::move(waiting_.front());
    waiting_.pop_front();
    take(next, std::move(why));
  }
  handling_ = false;
}

void Instance::take(Event event, std::string reason) {
  const State before = state_;
  const core::Step next = core::step(before, event);
  if (next.state == before && next.actions.empty()) return;
  state_ = next.state;
  reason_ = std::move(reason);
  if (event == Event::start_timeout || event == Event::live_failed) end_cause_ = reason_;
  if (event == Event::backoff_over) ++restarts_;
  if (state_ == State::ready && !ready_since_) ready_since_ = outside_.clock.monotonic();
  for (const Action action : next.actions) perform(action);
  announce(event, before, next);
}

// `starting` is told once its process exists, not when it is about to.
void Instance::announce(Event event, State before, const core::Step& next) {
  if (event == Event::deps_met) return;
  if (core::name(before) != core::name(state_) || event == Event::spawned || does(next, Action::terminate)) {
    owner_.changed(*this);
  }
}

void Instance::explain(std::string reason) {
  if (reason == reason_) return;
  reason_ = std::move(reason);
  if (!handling_) owner_.changed(*this);
}

void Instance::perform(Action action) {
  switch (action) {
    case Action::await_deps:
      log_from_.reset();
      return owner_.wants_dependencies(*this);
    case Action::spawn:
      return spawn();
    case Action::watch_ready:
      watch_ = std::make_unique<Watch>(service_, outside_.prober, outside_.timers,
                                       [this](Event event, std::string reason) { handle(event, std::move(reason)); });
      return;
    case Action::unwatch:
      if (watch_) watch_->stop();
      old_watch_ = std::move(watch_);
      return;
    case Action::terminate:
      if (!process_) return;
      outside_.host.terminate(process_->pid);
      outside_.timers.cancel(grace_);
      grace_ = outside_.timers.after(service_.stop_grace, [this] {
        handle(Event::grace_over, "did not end within " + std::to_string(service_.stop_grace.count()) + " ms: killed");
      });
      return;
    case Action::kill:
      if (process_) outside_.host.kill(process_->pid);
      return;
    case Action::arm_backoff:
      return arm_backoff();
    case Action::disarm_backoff:
      return outside_.timers.cancel(backoff_timer_);
    case Action::reset_backoff:
      return backoff_.reset();
  }
}

void Instance::arm_backoff() {
  const auto delay = backoff_.next().value_or(service_.restart.cap);
  reason_ += "; starts again in " + std::to_string(delay.count()) + " ms";
  backoff_timer_ = outside_.timers.after(delay, [this] { handle(Event::backoff_over, "starts again"); });
}

std::optional<std::string> Instance::taken_port() const {
  for (const auto& [name, port] : service_.ports) {
    const auto owner = port == 0 ? std::nullopt : outside_.port_table.owner(port);
    if (!owner) continue;
    const std::string what = "port " + std::to_string(port) + " (" + name + ") is taken by ";
    if (owner->pid == 0) return what + "a process of another user";
    return what + "pid " + std::to_string(owner->pid) + " (" + owner->command + ")";
  }
  return std::nullopt;
}

void Instance::spawn() {
  end_cause_.clear();
  ready_since_.reset();
  if (auto taken = taken_port()) return handle(Event::spawn_failed, std::move(*taken));
  const auto plan = outside_.plan(service_);
  if (!plan) return handle(Event::spawn_failed, plan.error().message);
  const auto process = outside_.host.spawn(plan.value());
  if (!process) return handle(Event::spawn_failed, process.error().message);
  process_ = process.value();
  log_from_ = plan.value().log_from;
  spawned_at_ = outside_.clock.monotonic();
  owner_.processes_changed();
  handle(Event::spawned, "pid " + std::to_string(process_->pid));
}

void Instance::ended(ports::WaitStatus status) {
  outside_.timers.cancel(grace_);
  process_.reset();
  owner_.processes_changed();
  handle(exit_event(status), exit_reason(status));
}

Event Instance::exit_event(ports::WaitStatus status) {
  if (state_ == State::stopping || state_ == State::restarting) return Event::exited_final;
  const auto ready_for = ready_since_ ? outside_.clock.monotonic() - *ready_since_ : std::chrono::nanoseconds(0);
  backoff_.was_ready(std::chrono::duration_cast<std::chrono::milliseconds>(ready_for));
  const bool good = status.success() && end_cause_.empty();
  const auto policy = service_.restart.policy;
  if (good && policy != spec::RestartPolicy::always) return Event::exited_final;
  if (policy == spec::RestartPolicy::no || backoff_.exhausted()) return Event::exited_failed;
  return Event::exited_again;
}

std::string Instance::exit_reason(ports::WaitStatus status) const {
  std::string text = ports::describe(status);
  if (!end_cause_.empty()) text = end_cause_ + "; ended with " + text;
  return text;
}

std::chrono::milliseconds Instance::running_for() const {
  if (!process_) return std::chrono::milliseconds(0);
  return std::chrono::duration_cast<std::chrono::milliseconds>(outside_.clock.monotonic() - spawned_at_);
}

control::ServiceView Instance::view() const {
  control::ServiceView view;
  view.name = service_.name;
  view.state = core::name(state_);
  if (process_) view.pid = process_->pid;
  view.restarts = restarts_;
  view.uptime_s = static_cast<double>(running_for().count()) / 1000;
  view.ports = service_.ports;
  view.reason = reason_;
  view.log_from = log_from_;
  return view;
}

}  // namespace app
