#pragma once
// Rendered objects, to be looked up by kind and name: what the rules in checks.hpp ask. Pure; the objects are lent.

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "cli/render/targets.hpp"

namespace render {

// The value at a path of names, or null.
const base::Json& at(const base::Json& value, std::initializer_list<const char*> path);

// Empty when it is no text.
std::string text(const base::Json& value);

std::string name_of(const base::Json& object);

// Whether matchLabels `selector` takes what has these labels (an empty one takes all).
bool selects(const base::Json& selector, const base::Json& labels);

// Labels of the pods that a Deployment or Job makes.
const base::Json& pod_labels(const base::Json& workload);

// Whether one of its containers has a port of this name or number.
bool has_port(const base::Json& workload, const base::Json& port);

class Objects {
 public:
  explicit Objects(const std::vector<Object>& objects);

  const std::map<std::string, std::vector<const Object*>>& by_kind() const { return by_kind_; }
  const std::vector<const Object*>& of(const std::string& kind) const;
  bool any(const std::string& kind) const { return !of(kind).empty(); }
  // Null when there is none.
  const Object* find(const std::string& kind, const std::string& name) const;
  // What makes pods: Deployments and Jobs.
  const std::vector<const Object*>& workloads() const { return workloads_; }
  // The Deployment of that name, or the Job whose pods say it in app.kubernetes.io/instance; null when there is none.
  const Object* workload_of(const std::string& service) const;
  bool selects_pods(const base::Json& selector) const;

 private:
  std::map<std::string, std::vector<const Object*>> by_kind_;
  std::map<std::string, const Object*> deployments_;  // by name: there may be hundreds
  std::map<std::string, const Object*> by_service_;
  std::vector<const Object*> workloads_;
};

}  // namespace render
