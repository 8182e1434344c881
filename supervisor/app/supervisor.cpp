#include "supervisor/app/supervisor.hpp"

#include "supervisor/app/health.hpp"

namespace app {
namespace {

using core::Event;
using core::State;

bool active(State state) { return state != State::stopped && state != State::completed && state != State::failed; }

bool meets(State state, spec::Condition condition) {
  switch (condition) {
    case spec::Condition::started:
      return state == State::completed || (core::has_process(state) && state != State::stopping);
    case spec::Condition::ready:
      return state == State::ready;
    case spec::Condition::completed:
      return state == State::completed;
  }
  return false;
}

core::Graph graph_of(const spec::Cluster& cluster) {
  core::Graph graph;
  for (const auto& [name, service] : cluster.services) {
    auto& edges = graph[name];
    for (const auto& dependency : service.depends_on) edges.push_back({dependency.service, dependency.required});
  }
  return graph;
}

}  // namespace

Supervisor::Supervisor(const spec::Cluster& cluster, Outside outside)
    : cluster_(cluster), outside_(std::move(outside)), graph_(graph_of(cluster)) {
  if (auto order = core::start_order(graph_)) order_ = std::move(order.value());  // the loader refused cycles
  for (const auto& [name, service] : cluster_.services) {
    instances_[name] = std::make_unique<Instance>(service, outside_, static_cast<Instance::Owner&>(*this));
  }
  outside_.host.on_exit([this](pid_t pid, ports::WaitStatus status) {
    for (auto& [name, instance] : instances_) {
      if (instance->process() && instance->process()->pid == pid) return instance->ended(status);
    }
  });
}

base::Result<Instance*> Supervisor::find(const std::string& name) {
  const auto found = instances_.find(name);
  if (found != instances_.end()) return found->second.get();
  return base::fail(base::ErrorCode::not_found, "no service `" + name + "` in the running cluster");
}

control::StartReply Supervisor::reply_for(const std::vector<std::string>& names) const {
  control::StartReply reply;
  reply.after = events_.last();
  for (const auto& name : names) reply.services.push_back(instances_.at(name)->view());
  return reply;
}

base::Result<control::StartReply> Supervisor::up(const std::vector<std::string>& names) {
  if (mode_ != Mode::running) return base::fail(base::ErrorCode::conflict, "the supervisor is ending");
  std::set<std::string> wanted(names.begin(), names.end());
  for (const auto& name : wanted) {
    TRY(find(name));
  }
  if (wanted.empty()) wanted.insert(order_.begin(), order_.end());
  wanted = core::required_closure(graph_, wanted);
  std::vector<std::string> meant;
  for (const auto& name : order_) {
    if (wanted.contains(name)) meant.push_back(name);
  }
  auto reply = reply_for(meant);
  // All become pending before the first one starts: whether a mere wish of order counts depends on who else is wanted.
  held_ = true;
  for (const auto& name : meant) instances_.at(name)->handle(Event::start, "asked for");
  held_ = false;
  advance();
  return reply;
}

base::Result<control::StartReply> Supervisor::stop(const std::string& name) {
  TRY(Instance* const instance, find(name));
  auto reply = reply_for({name});
  instance->handle(Event::stop, "asked to stop");
  return reply;
}

base::Result<control::StartReply> Supervisor::restart(const std::string& name) {
  if (mode_ != Mode::running) return base::fail(base::ErrorCode::conflict, "the supervisor is ending");
  TRY(Instance* const instance, find(name));
  const auto required = core::required_closure(graph_, {name});
  std::vector<std::string> meant;
  for (const auto& other : order_) {
    if (required.contains(other)) meant.push_back(other);
  }
  auto reply = reply_for(meant);
  for (const auto& other : meant) {
    if (other != name) instances_.at(other)->handle(Event::start, "required by " + name);
  }
  instance->handle(Event::restart, "asked to restart");
  return reply;
}

control::StartReply Supervisor::shut_down(std::function<void()> done) {
  auto reply = reply_for(order_);
  if (mode_ != Mode::running) return reply;
  mode_ = Mode::ending;
  done_ = std::move(done);
  advance();
  return reply;
}

void Supervisor::wants_dependencies(Instance& instance) {
  const std::string missing = unmet(instance);
  if (!missing.empty()) instance.explain("waits for " + missing);
}

std::string Supervisor::unmet(const Instance& instance) const {
  std::string missing;
  for (const auto& dependency : instance.service().depends_on) {
    const State state = instances_.at(dependency.service)->state();
    if (meets(state, dependency.condition)) continue;
    if (!dependency.required && (!active(state) || state == State::stopping)) continue;
    if (!missing.empty()) missing += ", ";
    missing += dependency.service + " (" + std::string(core::name(state)) + ")";
  }
  return missing;
}

void Supervisor::changed(const Instance& instance) {
  control::EventView event;
  event.time = base::to_rfc3339(outside_.clock.wall());
  event.service = instance.service().name;
  event.state = core::name(instance.state());
  event.reason = instance.reason();
  if (instance.process()) event.pid = instance.process()->pid;
  event.elapsed_ms = instance.running_for().count();
  event.log_from = instance.log_from();
  events_.append(std::move(event));
  advance();
}

void Supervisor::advance() {
  again_ = true;
  if (held_) return;
  held_ = true;
  while (std::exchange(again_, false)) {
    if (mode_ == Mode::running) start_waiting();
    if (mode_ == Mode::ending) stop_next();
  }
  held_ = false;
}

void Supervisor::start_waiting() {
  for (auto& [name, instance] : instances_) {
    if (instance->state() != State::pending) continue;
    std::string missing = unmet(*instance);
    if (missing.empty()) {
      instance->handle(Event::deps_met, "dependencies are there");
    } else {
      instance->explain("waits for " + missing);
    }
  }
}

bool Supervisor::has_active_dependent(const std::string& name) const {
  for (const auto& [other, instance] : instances_) {
    if (!active(instance->state())) continue;
    for (const auto& dependency : instance->service().depends_on) {
      if (dependency.service == name) return true;
    }
  }
  return false;
}

void Supervisor::stop_next() {
  bool any = false;
  for (auto& [name, instance] : instances_) {
    if (!active(instance->state())) continue;
    any = true;
    if (instance->state() != State::stopping && !has_active_dependent(name)) {
      instance->handle(Event::stop, "the cluster goes down");
    }
  }
  if (any) return;
  mode_ = Mode::ended;
  outside_.timers.after(std::chrono::milliseconds(0), [this] { done_(); });
}

// Many starts in one turn of the loop are one write.
void Supervisor::processes_changed() {
  if (book_timer_ != 0) return;
  book_timer_ = outside_.timers.after(std::chrono::milliseconds(0), [this] { write_book(); });
}

void Supervisor::write_book() {
  book_timer_ = 0;
  std::map<std::string, ports::ProcessId> running;
  for (const auto& [name, instance] : instances_) {
    if (instance->process()) running[name] = *instance->process();
  }
  // A full disk must not end the cluster; the next change tries again.
  static_cast<void>(outside_.book.write(running));
}

std::vector<control::ServiceView> Supervisor::services() const { return reply_for(order_).services; }

std::map<std::string, int> Supervisor::counts() const {
  std::map<std::string, int> counts;
  for (const auto& [name, instance] : instances_) ++counts[std::string(core::name(instance->state()))];
  return counts;
}

void Supervisor::health(std::function<void(control::HealthReport)> callback) {
  std::vector<Patient> patients;
  for (const auto& name : order_) {
    const Instance& instance = *instances_.at(name);
    patients.push_back({&instance.service(), instance.state()});
  }
  examine(patients, outside_.prober, outside_.timers, std::move(callback));
}

}  // namespace app
