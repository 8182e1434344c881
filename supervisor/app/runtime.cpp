#include "supervisor/app/runtime.hpp"

#include <algorithm>
#include <charconv>

namespace app {

Instance* Runtime::numbered(int number) const {
  for (const auto& one : instances) {
    if (one->number() == number) return one.get();
  }
  return nullptr;
}

std::vector<Instance*> Runtime::all() const {
  std::vector<Instance*> list;
  for (const auto& one : instances) list.push_back(one.get());
  for (const auto& one : leaving) list.push_back(one.get());
  if (roll && roll->successor) list.push_back(roll->successor.get());
  return list;
}

bool Runtime::any(const std::function<bool(const Instance&)>& is) const {
  const auto list = all();
  return std::any_of(list.begin(), list.end(), [&](const Instance* one) { return is(*one); });
}

Target target_of(const std::string& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string::npos) return {name, 0};
  int number = 0;
  const auto end = std::from_chars(name.data() + dot + 1, name.data() + name.size(), number);
  const bool whole = end.ec == std::errc() && end.ptr == name.data() + name.size() && number > 0;
  return whole ? Target{name.substr(0, dot), number} : Target{name, 0};
}

bool is_active(const Instance& instance) {
  using core::State;
  const State state = instance.state();
  return state != State::stopped && state != State::completed && state != State::failed;
}

bool is_replaceable(const Instance& instance) {
  using core::State;
  const State state = instance.state();
  return core::has_process(state) && state != State::stopping && state != State::restarting;
}

spec::Service moved_service(const Runtime& runtime, spec::Service own) {
  for (auto& [name, port] : own.ports) {
    const auto back = runtime.moved.find(port);
    if (back == runtime.moved.end()) continue;
    own.fronts[name] = port;
    port = back->second;
  }
  return own;
}

core::Graph graph_of(const std::map<std::string, Runtime>& services) {
  core::Graph graph;
  for (const auto& [name, runtime] : services) {
    auto& edges = graph[name];
    for (const auto& dependency : runtime.service->depends_on)
      edges.push_back({dependency.service, dependency.required});
  }
  return graph;
}

bool can_surge(const spec::Service& service) {
  if (service.source != spec::Source::command) return false;
  return std::all_of(service.ports.begin(), service.ports.end(), [&](const auto& port) {
    return std::find(service.sockets.begin(), service.sockets.end(), port.first) != service.sockets.end();
  });
}

}  // namespace app
