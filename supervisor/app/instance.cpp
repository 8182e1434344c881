#include "supervisor/app/instance.hpp"

#include <algorithm>

#include "base/json.hpp"

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

constexpr std::chrono::milliseconds backoff_after_take_over{500};

bool is_end(State state) { return state == State::stopped || state == State::completed || state == State::failed; }

}  // namespace

std::string to_text(const Memo& memo) {
  return base::dump_json({{"instance", memo.instance}, {"restarts", memo.restarts}, {"digest", memo.digest}});
}

Memo memo_from(const std::string& text) {
  Memo memo;
  const auto json = base::parse_json(text);
  if (!json || !json.value().is_object()) return memo;
  const auto& object = json.value();
  const auto instance = object.find("instance");
  const auto restarts = object.find("restarts");
  const auto digest = object.find("digest");
  if (instance != object.end() && instance->is_string()) memo.instance = *instance;
  if (restarts != object.end() && restarts->is_number_integer()) memo.restarts = *restarts;
  if (digest != object.end() && digest->is_string()) memo.digest = *digest;
  return memo;
}

Instance::Instance(ServicePtr service, int number, Outside& outside, Owner& owner)
    : service_(std::move(service)),
      number_(number),
      outside_(outside),
      owner_(owner),
      backoff_(settings_of(service_->restart), outside.random) {}

Instance::~Instance() {
  outside_.timers.cancel(grace_);
  outside_.timers.cancel(backoff_timer_);
}

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
  if (before == State::backoff && state_ == State::pending)
    ++restarts_;  // also when somebody was quicker than the delay
  if (state_ == State::ready && !ready_since_) ready_since_ = outside_.clock.monotonic();
  for (const Action action : next.actions) perform(action);
  announce(event, before, next);  // first, so that an end is in the book before the keeper that knows it is gone
  settle();
}

// What ended for good needs no keeper.
void Instance::settle() {
  if (!is_end(state_) || !slot_ || process_) return;
  outside_.host.release(*slot_);
  slot_.reset();
  keeper_ = 0;
  if (state_ != State::completed) digest_.clear();
  owner_.processes_changed();
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
      return watch();
    case Action::unwatch:
      if (!watch_) return;
      watch_->stop();
      old_watches_.push_back(std::move(watch_));
      return;
    case Action::terminate:
      return terminate();
    case Action::kill:
      if (process_) outside_.host.kill(*slot_);
      return;
    case Action::arm_backoff:
      return arm_backoff();
    case Action::disarm_backoff:
      return outside_.timers.cancel(backoff_timer_);
    case Action::reset_backoff:
      return backoff_.reset();
  }
}

void Instance::watch() {
  ProbeContext context;
  if (spawned_spec_) {
    context.env = spawned_spec_->env;
    context.folder = spawned_spec_->folder;
    context.log = spawned_spec_->log;
    context.log_from = spawned_spec_->log_from;
  }
  context.only_its_word = state_ == State::starting && owner_.is_drowned(*this);
  context.resolve = [this](const std::string& text) { return outside_.plans.resolve(*service_, text); };
  watch_ = std::make_unique<Watch>(
      *service_, outside_.prober, outside_.timers, outside_.clock,
      [this](Event event, std::string reason) { handle(event, std::move(reason)); }, context);
  if (paused_) watch_->pause();
}

void Instance::terminate() {
  if (external()) return handle(Event::exited_final, "not watched any more");
  if (!process_) return;
  outside_.host.terminate(*slot_);
  outside_.timers.cancel(grace_);
  grace_ = outside_.timers.after(service_->stop_grace, [this] {
    handle(Event::grace_over, "did not end within " + std::to_string(service_->stop_grace.count()) + " ms: killed");
  });
}

void Instance::arm_backoff() {
  const auto delay = std::max(backoff_.next().value_or(service_->restart.cap),
                              std::exchange(least_backoff_, std::chrono::milliseconds(0)));
  reason_ += "; starts again in " + std::to_string(delay.count()) + " ms";
  backoff_timer_ = outside_.timers.after(delay, [this] { handle(Event::backoff_over, "starts again"); });
}

std::optional<std::string> Instance::taken_port() const {
  for (const auto& [name, port] : service_->ports) {
    const auto& held = service_->sockets;
    if (std::find(held.begin(), held.end(), name) != held.end()) continue;  // plan() binds those
    if (outside_.plans.holds(*service_, name)) continue;                    // the listener is ours
    const auto owner = port == 0 ? std::nullopt : outside_.port_table.owner(port);
    if (owner) return ports::describe_taken(port, name, *owner);
  }
  return std::nullopt;
}

void Instance::spawn() {
  end_cause_.clear();
  spoke_ = false;
  ready_since_.reset();
  old_watches_.clear();
  old_services_.clear();
  if (external()) return handle(Event::spawned, "lives elsewhere");
  if (auto taken = taken_port()) return handle(Event::spawn_failed, std::move(*taken));
  outside_.plans.drop_sockets(*service_);
  auto plan = outside_.plans.plan(*service_);
  if (!plan) return handle(Event::spawn_failed, plan.error().message);
  digest_ = outside_.plans.digest(*service_);
  plan.value().memo = to_text({service_->instance, restarts_, digest_});
  if (const auto question = outside_.plans.precondition(plan.value(), *service_)) {
    return spawn_if(*question, std::move(plan.value()));
  }
  spawn_now(std::move(plan.value()));
}

// Meanwhile it is `starting` without a process, as between a spawn and its answer.
void Instance::spawn_if(const ports::Question& question, ports::SpawnSpec spec) {
  self_ = std::make_shared<Instance*>(this);
  outside_.prober.ask(question, [weak = std::weak_ptr<Instance*>(self_), spec = std::move(spec),
                                 program = question.argv.at(0)](const ports::Answer& answer) mutable {
    const auto self = weak.lock();
    if (!self) return;
    Instance& one = **self;
    if (one.state_ != State::starting) return one.handle(Event::spawn_failed, "was not started any more");
    if (answer.ok) return one.spawn_now(std::move(spec));
    one.handle(Event::spawn_failed, "`" + program + " info` fails, which the image needs: " + answer.problem);
  });
}

void Instance::spawn_now(ports::SpawnSpec spec) {
  if (!slot_) slot_ = owner_.fresh_slot(service_->instance);
  spawned_spec_ = std::move(spec);
  outside_.host.spawn(*slot_, *spawned_spec_);
}

void Instance::spawned(const ports::Spawned& what) {
  process_ = what.process;
  keeper_ = what.keeper;
  log_from_ = what.since_us;
  spawned_at_ = what.since;
  owner_.processes_changed();
  handle(Event::spawned, "pid " + std::to_string(process_->pid));
}

void Instance::spawn_failed(const base::Error& error) { handle(Event::spawn_failed, error.message); }

void Instance::exited(ports::WaitStatus status, const std::string& note) {
  outside_.timers.cancel(grace_);
  process_.reset();
  last_exit_ = ports::describe(status);
  owner_.processes_changed();
  const auto rest = spawned_spec_ ? outside_.plans.aftermath(*spawned_spec_, *service_) : std::nullopt;
  if (!rest) return conclude(status, note);
  self_ = std::make_shared<Instance*>(this);
  outside_.prober.ask(*rest, [weak = std::weak_ptr<Instance*>(self_), status, note](const ports::Answer&) {
    if (const auto self = weak.lock()) (*self)->conclude(status, note);
  });
}

void Instance::conclude(ports::WaitStatus status, const std::string& note) {
  const bool asked_for = state_ == State::stopping || state_ == State::restarting;
  const Event event = exit_event(status);
  handle(event, exit_reason(status, note));
  if (!asked_for && !(event == Event::exited_final)) owner_.crashed(*this);
}

void Instance::notified(const std::string& text) {
  if (watch_) watch_->notified(ports::parse_notify(text));
}

void Instance::adopt(const ports::Found& found) {
  const Memo memo = memo_from(found.memo);
  slot_ = found.slot;
  restarts_ = memo.restarts;
  digest_ = memo.digest;
  keeper_ = found.running->keeper;
  process_ = found.running->process;
  log_from_ = found.running->since_us;
  spawned_at_ = found.running->since;
  if (auto plan = outside_.plans.plan(*service_)) {
    spawned_spec_ = std::move(plan.value());
    spawned_spec_->log_from = 0;  // the line that a log probe waits for was perhaps written long ago
  }
  handle(Event::adopted, "still runs (pid " + std::to_string(process_->pid) + ")");
  for (const auto& text : found.notified) notified(text);
  if (found.terminating) handle(Event::stop, "was asked to stop");
  if (!found.ended) return;
  least_backoff_ = backoff_after_take_over;
  exited(*found.ended, "while no supervisor ran");
  least_backoff_ = std::chrono::milliseconds(0);
}

void Instance::restore(const ports::Remembered& remembered) {
  restarts_ = remembered.restarts;
  last_exit_ = remembered.last_exit;
  for (const State ended : {State::completed, State::failed}) {
    if (remembered.state != core::name(ended)) continue;
    state_ = ended;
    reason_ = remembered.reason;
    if (ended == State::completed) digest_ = remembered.digest;
  }
}

void Instance::lose(const std::string& why, bool was_to_end) {
  last_exit_ = why;
  state_ = was_to_end ? State::stopping : State::starting;
  least_backoff_ = backoff_after_take_over;
  const bool may_restart = service_->restart.policy != spec::RestartPolicy::no;
  handle(was_to_end ? Event::exited_final : may_restart ? Event::exited_again : Event::exited_failed, why);
  least_backoff_ = std::chrono::milliseconds(0);
}

void Instance::renew(ServicePtr service) {
  old_services_.push_back(std::exchange(service_, std::move(service)));
  backoff_.use(settings_of(service_->restart));
  if (!watch_) return;
  spoke_ = speaks();
  const bool said_ready = spoke_ && watch_->ready();
  watch_->stop();
  old_watches_.push_back(std::move(watch_));
  watch();
  if (said_ready) watch_->notified({{"READY", "1"}});  // it will not say so again
}

void Instance::pause() {
  paused_ = true;
  outside_.timers.cancel(grace_);
  if (watch_) watch_->pause();
  owner_.changed(*this);
}

void Instance::resume() {
  if (!paused_) return;
  paused_ = false;
  if (watch_) watch_->resume();
  if (process_ && (state_ == State::stopping || state_ == State::restarting)) terminate();  // its grace begins anew
  owner_.changed(*this);
}

bool Instance::is_success(ports::WaitStatus status) const {
  const auto code = status.exit_code();
  const auto& good = service_->restart.success_codes;
  return code && std::find(good.begin(), good.end(), *code) != good.end();
}

Event Instance::exit_event(ports::WaitStatus status) {
  if (state_ == State::stopping || state_ == State::restarting) return Event::exited_final;
  const auto ready_for = ready_since_ ? outside_.clock.monotonic() - *ready_since_ : std::chrono::nanoseconds(0);
  backoff_.was_ready(std::chrono::duration_cast<std::chrono::milliseconds>(ready_for));
  const bool good = is_success(status) && end_cause_.empty();
  const auto policy = service_->restart.policy;
  if (good && policy != spec::RestartPolicy::always) return Event::exited_final;
  if (policy == spec::RestartPolicy::no || paused_ || backoff_.exhausted()) return Event::exited_failed;
  return Event::exited_again;
}

std::string Instance::exit_reason(ports::WaitStatus status, const std::string& note) const {
  std::string text = ports::describe(status);
  if (!end_cause_.empty()) text = end_cause_ + "; ended with " + text;
  if (!note.empty()) text += " (" + note + ")";
  if (backoff_.exhausted() && service_->restart.policy != spec::RestartPolicy::no && state_ != State::stopping &&
      state_ != State::restarting && !is_success(status)) {
    text += "; gave up after " + std::to_string(service_->restart.limit) + " restarts in a row";
  }
  return text;
}

std::chrono::milliseconds Instance::running_for() const {
  if (!process_) return std::chrono::milliseconds(0);
  return std::chrono::duration_cast<std::chrono::milliseconds>(outside_.clock.monotonic() - spawned_at_);
}

control::ServiceView Instance::view() const {
  control::ServiceView view;
  view.name = service_->instance;
  view.service = service_->name;
  view.state = core::name(state_);
  if (process_) view.pid = process_->pid;
  if (keeper_ > 0) view.keeper = keeper_;
  view.restarts = restarts_;
  view.uptime_s = static_cast<double>(running_for().count()) / 1000;
  view.ports = spec::public_ports(*service_);
  view.reason = reason_;
  if (!last_exit_.empty()) view.last_exit = last_exit_;
  const Watch* const known = watch_ ? watch_.get() : old_watches_.empty() ? nullptr : old_watches_.back().get();
  if (watch_) {
    view.status = watch_->status();
    view.booted = watch_->booted();
    view.live = watch_->live();
    view.ready = state_ == State::ready;
  }
  if (known != nullptr) view.probes = known->history();
  view.paused = paused_;
  view.log_from = log_from_;
  return view;
}

ports::Remembered Instance::remembered() const {
  ports::Remembered one;
  one.process = process_;
  one.state = core::name(state_);
  one.reason = reason_;
  one.last_exit = last_exit_;
  one.restarts = restarts_;
  one.digest = digest_;
  return one;
}

}  // namespace app
