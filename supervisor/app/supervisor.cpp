#include "supervisor/app/supervisor.hpp"

#include <algorithm>

#include "supervisor/app/health.hpp"

namespace app {
namespace {

using core::Event;
using core::State;

// Keepers know the processes; the book may lag a little.
constexpr std::chrono::milliseconds book_pause{20};

bool runs_or_will(const Instance& instance) { return is_active(instance) && instance.state() != State::stopping; }

}  // namespace

Supervisor::Supervisor(const spec::Cluster& cluster, Outside outside) : outside_(std::move(outside)) {
  outside_.host.listen(*this);
  for (const auto& [name, service] : cluster.services) {
    Runtime& runtime = services_[name];
    runtime.service = std::make_shared<const spec::Service>(service);
    runtime.replicas = service.replicas;
    fit(runtime);
  }
  order();
}

Supervisor::~Supervisor() {
  outside_.timers.cancel(book_timer_);
  outside_.timers.cancel(gone_timer_);
}

void Supervisor::order() {
  graph_ = graph_of(services_);
  dependents_.clear();
  for (const auto& [name, edges] : graph_) {
    for (const auto& edge : edges) dependents_[edge.to].push_back(name);
  }
  if (auto order = core::start_order(graph_)) order_ = std::move(order.value());  // the loader refused cycles
}

spec::Service Supervisor::own_of(const Runtime& runtime, int number) const {
  spec::Service own = spec::instance_of(*runtime.service, number);
  static_cast<void>(outside_.plans.number_ports(own));  // a port that stays 0 is refused when the process is planned
  return moved_service(runtime, std::move(own));
}

std::unique_ptr<Instance> Supervisor::make(const Runtime& runtime, int number) {
  return std::make_unique<Instance>(std::make_shared<const spec::Service>(own_of(runtime, number)), number, outside_,
                                    static_cast<Instance::Owner&>(*this));
}

// As many instances as there should be.
void Supervisor::fit(Runtime& runtime) {
  for (int number = 1; number <= runtime.replicas; ++number) {
    if (runtime.numbered(number) == nullptr) runtime.instances.push_back(make(runtime, number));
  }
  for (std::size_t i = 0; i < runtime.instances.size();) {
    if (runtime.instances[i]->number() <= runtime.replicas) {
      ++i;
      continue;
    }
    auto surplus = std::move(runtime.instances[i]);
    runtime.instances.erase(runtime.instances.begin() + static_cast<std::ptrdiff_t>(i));
    retire(runtime, std::move(surplus), "scaled down");
  }
}

void Supervisor::retire(Runtime& runtime, std::unique_ptr<Instance> instance, const std::string& why) {
  Instance& leaving = *instance;
  runtime.leaving.push_back(std::move(instance));
  touched_.insert(leaving.service().name);
  if (observer_ && !leaving.replaced()) observer_(leaving, true);
  leaving.handle(Event::stop, why);
  advance();
}

base::Result<Runtime*> Supervisor::service(const std::string& name) {
  if (target_of(name).number != 0) {
    return base::fail(base::ErrorCode::invalid,
                      "`" + name + "` is an instance: name its service, or use start, stop or restart");
  }
  const auto found = services_.find(target_of(name).service);
  if (found != services_.end() && !found->second.removed) return &found->second;
  return base::fail(base::ErrorCode::not_found, "no service `" + name + "` in the running cluster");
}

base::Result<std::vector<Instance*>> Supervisor::find(const std::string& name) const {
  const Target target = target_of(name);
  const auto runtime = services_.find(target.service);
  std::vector<Instance*> found;
  if (runtime != services_.end()) {
    for (const auto& one : runtime->second.instances) {
      if (target.number == 0 || target.number == one->number()) found.push_back(one.get());
    }
  }
  if (!found.empty()) return found;
  const char* what = target.number == 0 ? "no service `" : "no instance `";
  return base::fail(base::ErrorCode::not_found, what + name + "` in the running cluster");
}

base::Result<void> Supervisor::check_running() const {
  if (mode_ == Mode::running) return base::success();
  return base::fail(base::ErrorCode::conflict, "the supervisor is ending");
}

control::StartReply Supervisor::reply_for(const std::vector<Instance*>& instances) const {
  control::StartReply reply;
  reply.after = events_.last();
  for (const auto* instance : instances) {
    reply.services.push_back(view_of(services_.at(instance->service().name), *instance));
  }
  return reply;
}

control::ServiceView Supervisor::view_of(const Runtime& runtime, const Instance& instance) const {
  auto view = instance.view();
  view.mock = instance.service().is_mock;
  const Roll* const roll = runtime.roll.get();
  view.replacing =
      roll != nullptr && (roll->current == instance.number() ||
                          std::find(roll->left.begin(), roll->left.end(), instance.number()) != roll->left.end());
  return view;
}

control::StartReply Supervisor::reply_for(const std::set<std::string>& services) const {
  std::vector<Instance*> meant;
  for (const auto& name : order_) {
    if (!services.contains(name)) continue;
    for (const auto& one : services_.at(name).instances) meant.push_back(one.get());
  }
  return reply_for(meant);
}

base::Result<control::StartReply> Supervisor::up(const control::UpRequest& request) {
  TRY(check_running());
  std::set<std::string> named(request.services.begin(), request.services.end());
  for (const auto& name : named) {
    TRY(service(name));
  }
  for (const auto& [name, count] : request.scale) {
    TRY(Runtime* const runtime, service(name));
    if (count < 0) return base::fail(base::ErrorCode::invalid, "a number of instances is 0 or more");
    scaled_[name] = count;
    runtime->replicas = count;
    fit(*runtime);
    if (!named.empty()) named.insert(name);
  }
  std::set<std::string> wanted = named;
  if (wanted.empty()) {
    for (const auto& [name, runtime] : services_) {
      if (!runtime.removed) wanted.insert(name);
    }
  }
  if (!request.no_deps) wanted = core::required_closure(graph_, wanted);
  for (const auto& name : wanted) services_.at(name).alone = request.no_deps;
  const auto before = events_.last();
  begin(wanted, named, "asked for");
  auto reply = reply_for(wanted);  // now, so that a job that stays done can be told from one that runs again
  reply.after = before;
  if (!request.scale.empty()) write_book();
  return reply;
}

base::Result<control::StartReply> Supervisor::start(const std::string& name) {
  TRY(check_running());
  TRY(const auto instances, find(name));
  const std::string of = target_of(name).service;
  const auto wanted = core::required_closure(graph_, {of});
  services_.at(of).alone = false;
  auto reply = reply_for(wanted);
  auto others = wanted;
  others.erase(of);
  begin(others, {}, "required by " + of);
  for (Instance* one : instances) one->handle(Event::start, "asked for");
  advance();
  return reply;
}

// All become pending before the first one starts: whether a mere wish of order counts depends on who else is wanted.
void Supervisor::begin(const std::set<std::string>& wanted, const std::set<std::string>& named,
                       const std::string& why) {
  held_ = true;
  for (const auto& name : order_) {
    if (!wanted.contains(name)) continue;
    for (const auto& one : services_.at(name).instances) {
      // A job that was done stays done until somebody asks for it by name or its files change.
      const bool done = one->state() == State::completed && !named.contains(name) &&
                        one->digest() == outside_.plans.digest(one->service());
      if (!done) one->handle(Event::start, why);
    }
  }
  held_ = false;
  advance();
}

base::Result<control::StartReply> Supervisor::stop(const std::string& name) {
  TRY(const auto instances, find(name));
  auto reply = reply_for(instances);
  Runtime& runtime = services_.at(target_of(name).service);
  end_roll(runtime, "asked to stop");
  restart_when_met_.erase(runtime.service->name);
  for (Instance* one : instances) one->handle(Event::stop, "asked to stop");
  return reply;
}

base::Result<control::StartReply> Supervisor::restart(const std::string& name) {
  TRY(check_running());
  TRY(const auto instances, find(name));
  const std::string of = target_of(name).service;
  auto required = core::required_closure(graph_, {of});
  auto reply = reply_for(required);
  required.erase(of);
  begin(required, {}, "required by " + of);
  for (Instance* one : instances) one->handle(Event::restart, "asked to restart");
  advance();
  return reply;
}

base::Result<control::StartReply> Supervisor::scale(const std::string& name, int replicas) {
  TRY(check_running());
  TRY(Runtime* const runtime, service(name));
  if (runtime->service->source == spec::Source::external) {
    return base::fail(base::ErrorCode::invalid, name + " lives elsewhere and cannot be scaled");
  }
  scaled_[name] = replicas;
  runtime->replicas = replicas;
  fit(*runtime);
  auto reply = reply_for(std::set<std::string>{name});
  begin({name}, {}, "scaled up");
  write_book();  // what was asked for outlives a supervisor that is killed at once
  return reply;
}

base::Result<control::StartReply> Supervisor::pause(const std::string& name) {
  TRY(const auto instances, find(name));
  for (Instance* one : instances) one->pause();
  return reply_for(instances);
}

base::Result<control::StartReply> Supervisor::resume(const std::string& name) {
  TRY(const auto instances, find(name));
  for (Instance* one : instances) one->resume();
  return reply_for(instances);
}

control::StartReply Supervisor::shut_down(std::function<void()> done) {
  std::set<std::string> all(order_.begin(), order_.end());
  auto reply = reply_for(all);
  if (mode_ != Mode::running) return reply;
  mode_ = Mode::ending;
  done_ = std::move(done);
  advance();
  return reply;
}

void Supervisor::wants_dependencies(Instance& instance) {
  pending_.insert(instance.service().name);
  const std::string missing = unmet(instance.service());
  if (!missing.empty()) instance.explain("waits for " + missing);
}

bool Supervisor::meets(const Runtime& runtime, spec::Condition condition) const {
  return std::any_of(runtime.instances.begin(), runtime.instances.end(), [&](const auto& one) {
    const State state = one->state();
    switch (condition) {
      case spec::Condition::started:
        return state == State::completed || (core::has_process(state) && state != State::stopping);
      case spec::Condition::ready:
        return state == State::ready;
      case spec::Condition::completed:
        return state == State::completed;
    }
    return false;
  });
}

// Whether one of it runs, or waits for something that is not out of reach: who only comes after it would wait forever.
bool Supervisor::may_come(const Runtime& runtime) const {
  if (!runtime.any(runs_or_will)) return false;
  if (runtime.alone ||
      runtime.any([](const Instance& one) { return runs_or_will(one) && one.state() != State::pending; })) {
    return true;
  }
  const auto& needs = runtime.service->depends_on;
  return std::all_of(needs.begin(), needs.end(), [&](const spec::Dependency& need) {
    const auto other = services_.find(need.service);
    if (!need.required || other == services_.end() || meets(other->second, need.condition)) return true;
    return may_come(other->second);
  });
}

std::string Supervisor::unmet(const spec::Service& service) const {
  std::string missing;
  const auto self = services_.find(service.name);
  if (self != services_.end() && self->second.alone) return missing;
  for (const auto& dependency : service.depends_on) {
    const auto other = services_.find(dependency.service);
    if (other == services_.end() || meets(other->second, dependency.condition)) continue;
    if (!dependency.required && !may_come(other->second)) continue;
    if (!missing.empty()) missing += ", ";
    const auto& instances = other->second.instances;
    const std::string_view state = instances.empty() ? "scaled to 0" : core::name(instances.front()->state());
    missing += dependency.service + " (" + std::string(state) + ")";
  }
  return missing;
}

void Supervisor::changed(Instance& instance) {
  touched_.insert(instance.service().name);
  const State state = instance.state();
  if (state == State::completed || state == State::failed) write_book();  // or a job could be run twice
  if (!instance.replaced()) tell(instance, std::string(core::name(instance.state())), instance.reason());
  // A successor has no place in the registry until it takes over.
  const auto runtime = services_.find(instance.service().name);
  const bool counts = runtime != services_.end() && runtime->second.numbered(instance.number()) == &instance;
  if (observer_ && counts) observer_(instance, false);
  advance();
}

void Supervisor::tell(const Instance& instance, const std::string& state, const std::string& reason) {
  control::EventView event;
  event.time = base::to_rfc3339(outside_.clock.wall());
  event.service = instance.name();
  event.state = state;
  event.reason = reason;
  if (instance.process()) event.pid = instance.process()->pid;
  event.elapsed_ms = instance.running_for().count();
  event.log_from = instance.log_from();
  events_.append(std::move(event));
}

void Supervisor::crashed(Instance& instance) {
  const std::string& name = instance.service().name;
  const auto self = services_.find(name);
  if (self == services_.end()) return;
  for (auto& [other, runtime] : services_) {
    for (const auto& dependency : runtime.service->depends_on) {
      if (dependency.service != name || meets(self->second, dependency.condition)) continue;
      if (dependency.on_crash == spec::OnCrash::restart) restart_when_met_.insert(other);
      if (dependency.on_crash != spec::OnCrash::hold) continue;
      for (Instance* one : runtime.all()) one->handle(Event::hold, name + " crashed: waits until it is back");
    }
  }
}

ports::Slot Supervisor::fresh_slot(const std::string& instance) { return ports::slot_of(instance, ++generation_); }

Instance* Supervisor::in(const ports::Slot& slot) const {
  const auto runtime = services_.find(target_of(ports::instance_of(slot)).service);
  if (runtime == services_.end()) return nullptr;
  for (Instance* one : runtime->second.all()) {
    if (one->slot() == slot) return one;
  }
  return nullptr;
}

void Supervisor::spawned(const ports::Slot& slot, const ports::Spawned& what) {
  Instance* const one = in(slot);
  if (one != nullptr) return one->spawned(what);
  nobodys_.insert(slot);
  outside_.host.kill(slot);
}

void Supervisor::spawn_failed(const ports::Slot& slot, const base::Error& error) {
  if (Instance* one = in(slot)) one->spawn_failed(error);
}

void Supervisor::exited(const ports::Slot& slot, ports::WaitStatus status, const std::string& note) {
  Instance* one = in(slot);
  if (one == nullptr) {  // nobody's any more, see adopt_one()
    nobodys_.erase(slot);
    outside_.host.release(slot);
    return advance();
  }
  one->exited(status, note);
}

void Supervisor::notified(const ports::Slot& slot, const std::string& text) {
  if (Instance* one = in(slot)) one->notified(text);
}

// Many changes in a short time are one write.
void Supervisor::processes_changed() {
  if (book_timer_ != 0) return;
  book_timer_ = outside_.timers.after(book_pause, [this] { write_book(); });
}

ports::Book Supervisor::book() const {
  ports::Book book;
  book.generation = generation_;
  book.replicas = scaled_;
  for (const auto& [name, runtime] : services_) {
    for (const auto& one : runtime.instances) book.instances[one->name()] = one->remembered();
  }
  return book;
}

void Supervisor::write_book() {
  outside_.timers.cancel(std::exchange(book_timer_, 0));
  // A full disk must not end the cluster; the next change tries again.
  static_cast<void>(outside_.book.write(book()));
}

std::vector<control::ServiceView> Supervisor::services() const {
  std::vector<control::ServiceView> views;
  for (const auto& name : order_) {
    const Runtime& runtime = services_.at(name);
    for (const auto& one : runtime.instances) views.push_back(view_of(runtime, *one));
    for (const auto& one : runtime.leaving) {
      if (!one->replaced()) views.push_back(one->view());
    }
  }
  return views;
}

std::map<std::string, int> Supervisor::counts() const {
  std::map<std::string, int> counts;
  for (const auto& view : services()) ++counts[view.state];
  return counts;
}

void Supervisor::each(const std::function<void(const Instance&)>& visit) const {
  for (const auto& [name, runtime] : services_) {
    for (const auto& one : runtime.instances) visit(*one);
  }
}

void Supervisor::health(std::function<void(control::HealthReport)> callback) {
  std::vector<Patient> patients;
  std::vector<ServicePtr> kept;  // until all have answered, whatever becomes of the instances
  for (const auto& name : order_) {
    for (const auto& one : services_.at(name).instances) {
      kept.push_back(one->service_ptr());
      patients.push_back({kept.back().get(), one->state(), one->watched()});
    }
  }
  examine(patients, outside_.prober, outside_.timers,
          [callback = std::move(callback), kept = std::move(kept)](control::HealthReport report) {
            callback(std::move(report));
          });
}

}  // namespace app
