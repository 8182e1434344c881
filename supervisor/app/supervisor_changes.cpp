// What changes a running cluster: an earlier supervisor's processes, other files, rolling restarts.

#include <algorithm>

#include "supervisor/app/supervisor.hpp"

namespace app {
namespace {

using core::Event;
using core::State;

constexpr std::chrono::milliseconds nobodys_grace{10'000};

}  // namespace

void Supervisor::adopt(std::vector<ports::Found> found, const ports::Book& book,
                       const std::map<std::string, std::string>& lost) {
  generation_ = book.generation;
  for (const auto& [name, count] : book.replicas) {
    const auto runtime = services_.find(name);
    if (runtime == services_.end()) continue;
    scaled_[name] = count;
    runtime->second.replicas = count;
    fit(runtime->second);
  }
  // Of two keepers of one instance (a rolling restart was cut off) the older one stays, unless it was told to end or
  // has ended.
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const ports::Found& one) {
      return std::pair(one.terminating || one.ended.has_value(), ports::generation_of(one.slot));
    };
    return rank(a) < rank(b);
  });
  std::set<std::string> adopted;
  held_ = true;
  for (auto& one : found) {
    generation_ = std::max(generation_, ports::generation_of(one.slot));
    adopt_one(one, adopted);
  }
  for (const auto& [name, runtime] : services_) {
    for (const auto& one : runtime.instances) {
      if (adopted.contains(one->name())) continue;
      const auto remembered = book.instances.find(one->name());
      if (remembered != book.instances.end()) one->restore(remembered->second);
      const auto why = lost.find(one->name());
      const bool was_to_end = remembered != book.instances.end() && remembered->second.state == "stopping";
      if (why != lost.end()) one->lose(why->second, was_to_end);
    }
  }
  held_ = false;
  processes_changed();
  advance();
}

void Supervisor::adopt_one(ports::Found& found, std::set<std::string>& adopted) {
  const std::string name = memo_from(found.memo).instance;
  const Target target = target_of(name);
  const auto runtime = services_.find(target.service);
  Instance* instance = runtime == services_.end() ? nullptr : runtime->second.numbered(std::max(1, target.number));
  // Whoever runs next on its sockets has them; when nobody does, they are closed.
  outside_.plans.adopt_sockets(target.service, std::exchange(found.sockets, {}));
  touched_.insert(target.service);
  if (runtime == services_.end()) outside_.plans.close_sockets(target.service);
  if (!found.running) return outside_.host.release(found.slot);  // it never came to a process
  if (instance != nullptr && instance->name() == name && adopted.insert(name).second) return instance->adopt(found);
  if (found.ended) return outside_.host.release(found.slot);
  const ports::Slot slot = found.slot;
  nobodys_.insert(slot);
  if (!found.terminating) outside_.host.terminate(slot);  // a second SIGTERM may cut its last answers off
  outside_.timers.after(nobodys_grace, [this, slot] {
    if (in(slot) == nullptr) outside_.host.kill(slot);
  });
}

void Supervisor::reload(const spec::Cluster& cluster) {
  held_ = true;
  for (const auto& [name, service] : cluster.services) {
    Runtime& runtime = services_[name];
    runtime.removed = false;
    renew(runtime, service);
  }
  for (auto& [name, runtime] : services_) {
    if (cluster.services.contains(name)) continue;
    runtime.removed = true;
    touched_.insert(name);
    end_roll(runtime, "is not in the cluster file any more");
    scaled_.erase(name);
    while (!runtime.instances.empty()) {
      auto last = std::move(runtime.instances.back());
      runtime.instances.pop_back();
      retire(runtime, std::move(last), "is not in the cluster file any more");
    }
  }
  order();
  for (auto& [name, runtime] : services_) {
    if (!runtime.removed) replace_changed(runtime);
  }
  held_ = false;
  advance();
}

void Supervisor::renew(Runtime& runtime, const spec::Service& service) {
  const bool other_number = !runtime.service || runtime.service->replicas != service.replicas;
  runtime.service = std::make_shared<const spec::Service>(service);
  if (other_number) {
    scaled_.erase(service.name);
    runtime.replicas = service.replicas;
  }
  for (Instance* one : runtime.all()) {
    one->renew(std::make_shared<const spec::Service>(own_of(runtime, one->number())));
  }
  fit(runtime);
}

// What runs may be older than `sockets` in the files, and have bound its port itself.
bool Supervisor::holds_all(const Runtime& runtime) const {
  const auto& names = runtime.service->sockets;
  const spec::Service service = own_of(runtime, 1);
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return outside_.plans.holds(service, name); });
}

// The running process is not what the files say any more.
void Supervisor::replace_changed(Runtime& runtime) {
  if (runtime.roll) {
    // What it started already may be from before this change.
    runtime.outdated = true;
    return;
  }
  std::vector<Instance*> outdated;
  for (const auto& one : runtime.instances) {
    const bool runs = is_replaceable(*one) && one->process();
    if (runs && one->digest() != outside_.plans.digest(one->service())) outdated.push_back(one.get());
  }
  if (outdated.empty()) return;
  if (can_surge(*runtime.service) && holds_all(runtime)) {
    runtime.roll = std::make_unique<Roll>();
    for (const Instance* one : outdated) runtime.roll->left.push_back(one->number());
    rolling_.insert(runtime.service->name);
  } else {
    for (Instance* one : outdated) one->handle(Event::restart, "its files have changed");
  }
}

base::Result<std::vector<control::PlanView>> Supervisor::plan(const spec::Cluster& cluster,
                                                              const control::UpRequest& request) {
  std::map<std::string, Runtime> fresh;
  for (const auto& [name, service] : cluster.services) {
    fresh[name].service = std::make_shared<const spec::Service>(service);
    const auto asked = request.scale.find(name);
    const auto scaled = scaled_.find(name);
    fresh[name].replicas = asked != request.scale.end() ? asked->second
                           : scaled != scaled_.end()    ? scaled->second
                                                        : service.replicas;
    if (const auto known = services_.find(name); known != services_.end()) fresh[name].moved = known->second.moved;
  }
  std::set<std::string> wanted(request.services.begin(), request.services.end());
  for (const auto& name : wanted) {
    if (!fresh.contains(name)) return base::fail(base::ErrorCode::not_found, "no service `" + name + "`");
  }
  const auto graph = graph_of(fresh);
  TRY(const auto order, core::start_order(graph));
  if (wanted.empty()) wanted.insert(order.begin(), order.end());
  if (!request.no_deps) wanted = core::required_closure(graph, wanted);
  std::vector<control::PlanView> plan;
  for (const auto& name : order) plan_service(name, fresh.at(name), wanted.contains(name), plan);
  for (const auto& [name, runtime] : services_) {
    for (const auto& one : runtime.instances) {
      const auto now = fresh.find(name);
      const bool stays = now != fresh.end() && one->number() <= now->second.replicas;
      if (!stays && is_active(*one)) {
        plan.push_back(
            {one->name(), "stop", now == fresh.end() ? "is not in the cluster file any more" : "scaled down"});
      }
    }
  }
  return plan;
}

void Supervisor::plan_service(const std::string& name, const Runtime& fresh, bool wanted,
                              std::vector<control::PlanView>& plan) {
  const auto known = services_.find(name);
  for (int number = 1; number <= fresh.replicas; ++number) {
    const spec::Service own = own_of(fresh, number);
    const Instance* one = known == services_.end() ? nullptr : known->second.numbered(number);
    const bool changed = one != nullptr && one->digest() != outside_.plans.digest(own);
    if (one != nullptr && core::has_process(one->state())) {
      const char* why = changed ? "its files have changed" : "runs";
      plan.push_back({own.instance, changed ? "replace" : "keep", why});
    } else if (one != nullptr && one->state() == State::completed && !changed) {
      plan.push_back({own.instance, "keep", "has completed"});
    } else if (wanted) {
      plan.push_back({own.instance, "start", one == nullptr ? "is new" : std::string(core::name(one->state()))});
    }
  }
}

base::Result<control::StartReply> Supervisor::roll(const std::string& name) {
  TRY(check_running());
  TRY(const auto instances, find(name));
  Runtime& runtime = services_.at(target_of(name).service);
  const bool is_rolling = runtime.roll && (runtime.roll->current != 0 || !runtime.roll->left.empty());
  if (is_rolling) return base::fail(base::ErrorCode::conflict, name + " is in a rolling restart already");
  auto reply = reply_for(instances);
  auto roll = std::make_unique<Roll>();
  for (Instance* one : instances) {
    if (is_replaceable(*one)) {
      roll->left.push_back(one->number());
    } else {
      one->handle(Event::start, "asked to restart");
    }
  }
  if (!roll->left.empty()) {
    runtime.roll = std::move(roll);
    rolling_.insert(runtime.service->name);
  }
  advance();
  return reply;
}

bool Supervisor::is_drowned(const Instance& instance) const {
  const auto runtime = services_.find(instance.service().name);
  if (instance.service().sockets.empty() || runtime == services_.end()) return false;
  const auto& all = runtime->second.instances;
  return std::any_of(all.begin(), all.end(), [&](const auto& other) {
    return other.get() != &instance && core::has_process(other->state()) && other->speaks();
  });
}

// Its successor, if it has one, must not be forgotten with it: there may be a process.
void Supervisor::end_roll(Runtime& runtime, const std::string& why) {
  const auto roll = std::move(runtime.roll);
  if (!roll || !roll->successor) return;
  roll->successor->replace();
  retire(runtime, std::move(roll->successor), why);
}

void Supervisor::roll_on(Runtime& runtime) {
  if (runtime.roll->current == 0) return roll_next(runtime);
  if (runtime.roll->successor) return roll_over(runtime);
  roll_in_place(runtime);
}

void Supervisor::roll_next(Runtime& runtime) {
  // One more process than usual at a time, no more: the one before must be gone first.
  for (const auto& one : runtime.leaving) {
    if (one->replaced()) return;
  }
  Roll& roll = *runtime.roll;
  if (roll.left.empty()) return runtime.roll.reset();
  const int number = roll.left.front();
  roll.left.pop_front();
  again_ = true;
  Instance* const old = runtime.numbered(number);
  if (old == nullptr || !core::has_process(old->state())) return;
  roll.current = number;
  roll.before = old->process();
  if (!can_surge(*runtime.service) || !holds_all(runtime)) {
    old->handle(Event::restart, "rolling restart");
    if (auto own = own_of(runtime, number); own.ports != old->service().ports) {
      old->renew(std::make_shared<const spec::Service>(std::move(own)));
    }
    return;
  }
  roll.successor = make(runtime, number);
  roll.successor->handle(Event::start, "rolling restart");
}

// Two of it cannot run at once: it is stopped and started, and the next one waits until it is ready.
void Supervisor::roll_in_place(Runtime& runtime) {
  Roll& roll = *runtime.roll;
  const Instance* const one = runtime.numbered(roll.current);
  if (one == nullptr || !is_active(*one)) return runtime.roll.reset();
  if (one->state() != State::ready || one->process() == roll.before) return;
  roll.current = 0;
  again_ = true;
}

void Supervisor::roll_over(Runtime& runtime) {
  Roll& roll = *runtime.roll;
  Instance& fresh = *roll.successor;
  const State state = fresh.state();
  const auto old = std::find_if(runtime.instances.begin(), runtime.instances.end(),
                                [&](const auto& one) { return one->number() == roll.current; });
  if (old == runtime.instances.end()) {
    roll.successor->replace();
    retire(runtime, std::move(roll.successor), "its place is gone");
    return runtime.roll.reset();
  }
  if (state == State::ready) {
    std::swap(*old, roll.successor);
    auto replaced = std::move(roll.successor);
    roll.current = 0;
    again_ = true;
    replaced->replace();
    if (observer_) observer_(**old, false);
    return retire(runtime, std::move(replaced), "replaced");
  }
  const bool has_crashed = state == State::backoff || !is_active(fresh);
  if (!has_crashed) return;
  const std::string why = fresh.reason();
  if (state != State::failed) tell(fresh, std::string(core::name(State::failed)), why);
  tell(**old, std::string(core::name((*old)->state())), "the old process stays, as its successor failed: " + why);
  fresh.replace();
  retire(runtime, std::move(roll.successor), "failed");
  runtime.roll.reset();
}

}  // namespace app
