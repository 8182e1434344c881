#include "cli/render/objects.hpp"

#include <algorithm>

namespace render {

using base::Json;

const Json& at(const Json& value, std::initializer_list<const char*> path) {
  static const Json nothing;
  const Json* here = &value;
  for (const char* name : path) {
    if (!here->is_object()) return nothing;
    const auto next = here->find(name);
    if (next == here->end()) return nothing;
    here = &*next;
  }
  return *here;
}

std::string text(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

std::string name_of(const Json& object) { return text(at(object, {"metadata", "name"})); }

bool selects(const Json& selector, const Json& labels) {
  if (!selector.is_object()) return false;
  for (const auto& [key, value] : selector.items()) {
    if (!labels.is_object() || !labels.contains(key) || labels[key] != value) return false;
  }
  return true;
}

const Json& pod_labels(const Json& workload) { return at(workload, {"spec", "template", "metadata", "labels"}); }

bool has_port(const Json& workload, const Json& port) {
  for (const auto& container : at(workload, {"spec", "template", "spec", "containers"})) {
    for (const auto& one : at(container, {"ports"})) {
      if (at(one, {"name"}) == port || at(one, {"containerPort"}) == port) return true;
    }
  }
  return false;
}

Objects::Objects(const std::vector<Object>& objects) {
  for (const auto& object : objects) by_kind_[text(at(object.value, {"kind"}))].push_back(&object);
  workloads_ = of("Deployment");
  for (const auto* object : workloads_) deployments_[name_of(object->value)] = object;
  by_service_ = deployments_;
  for (const auto* object : of("Job")) {
    workloads_.push_back(object);
    by_service_.emplace(text(at(pod_labels(object->value), {"app.kubernetes.io/instance"})), object);
  }
}

const std::vector<const Object*>& Objects::of(const std::string& kind) const {
  static const std::vector<const Object*> none;
  const auto found = by_kind_.find(kind);
  return found == by_kind_.end() ? none : found->second;
}

const Object* Objects::find(const std::string& kind, const std::string& name) const {
  if (kind == "Deployment") {
    const auto found = deployments_.find(name);
    return found == deployments_.end() ? nullptr : found->second;
  }
  for (const auto* object : of(kind)) {
    if (name_of(object->value) == name) return object;
  }
  return nullptr;
}

const Object* Objects::workload_of(const std::string& service) const {
  const auto found = by_service_.find(service);
  return found == by_service_.end() ? nullptr : found->second;
}

bool Objects::selects_pods(const Json& selector) const {
  return std::any_of(workloads_.begin(), workloads_.end(),
                     [&](const Object* object) { return selects(selector, pod_labels(object->value)); });
}

}  // namespace render
