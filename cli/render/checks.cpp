#include "cli/render/checks.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "cli/render/kubernetes_names.hpp"
#include "cli/render/objects.hpp"

namespace render {
namespace {

using base::Json;

class Checker {
 public:
  Checker(const std::vector<Object>& objects, const Json& model, bool whole)
      : objects_(objects), model_(model), whole_(whole) {}

  std::vector<Broken> take() && { return std::move(broken_); }
  void begin(const char* rule) { rule_ = rule; }

  void selectors() {
    each("Service", [&](const Object& service) {
      const Json& selector = at(service.value, {"spec", "selector"});
      if (selector.is_null() || objects_.selects_pods(selector)) return;
      report(service, "Service " + name_of(service.value) + " selects no pod");
    });
    each("PodDisruptionBudget", [&](const Object& budget) {
      if (objects_.selects_pods(at(budget.value, {"spec", "selector", "matchLabels"}))) return;
      report(budget, "PodDisruptionBudget " + name_of(budget.value) + " selects no pod");
    });
    each("Deployment", [&](const Object& deployment) {
      const Json& labels = pod_labels(deployment.value);
      if (selects(at(deployment.value, {"spec", "selector", "matchLabels"}), labels)) return;
      report(deployment, "Deployment " + name_of(deployment.value) + " does not select its own pods");
    });
  }

  void names() {
    for (const auto& [kind, objects] : objects_.by_kind()) {
      for (const auto* object : objects) {
        const std::string name = name_of(object->value);
        if (kind == "Service" && !is_service_name(name)) {
          report(*object, "Service " + name +
                              ": Kubernetes wants a letter first and at most 63 letters, digits and -; " +
                              "rename the service");
        }
        check_labels(*object, kind + " " + name, at(object->value, {"metadata", "labels"}));
        check_labels(*object, kind + " " + name, at(object->value, {"spec", "template", "metadata", "labels"}));
      }
    }
  }

  void service_ports() {
    each("Service", [&](const Object& service) {
      const Json& selector = at(service.value, {"spec", "selector"});
      if (selector.is_null()) return;
      for (const auto& port : at(service.value, {"spec", "ports"})) {
        const Json& target = at(port, {"targetPort"});
        workloads([&](const Object& workload) {
          if (!selects(selector, pod_labels(workload.value))) return;
          if (has_port(workload.value, target)) return;
          report(service, "port " + target.dump() + " of Service " + name_of(service.value) + " is no port of " +
                              titled(workload));
        });
      }
    });
  }

  void probe_ports() {
    containers([&](const Object& workload, const Json& container) {
      for (const char* probe : {"startupProbe", "readinessProbe", "livenessProbe"}) {
        for (const char* way : {"httpGet", "tcpSocket", "grpc"}) {
          const Json& port = at(container, {probe, way, "port"});
          if (port.is_null() || has_port(workload.value, port)) continue;
          report(workload, std::string(probe) + " of " + name_of(workload.value) + " asks port " + port.dump() +
                               ", which the container does not have");
        }
      }
    });
  }

  void probes_present() {
    containers([&](const Object& workload, const Json& container) {
      if (at(workload.value, {"kind"}) == "Job") return;
      if (container.contains("readinessProbe") || container.contains("livenessProbe")) return;
      if (at(workload.value, {"metadata", "annotations", "msctl.dev/no-probes"}).is_string()) return;
      report(workload, titled(workload) + " has no probe; give the service one under `probes`");
    });
  }

  void grace() {
    workloads([&](const Object& workload) {
      const Json& pod = at(workload.value, {"spec", "template", "spec"});
      const Json& grace = at(pod, {"terminationGracePeriodSeconds"});
      for (const auto& container : at(pod, {"containers"})) {
        const Json& sleep = at(container, {"lifecycle", "preStop", "sleep", "seconds"});
        const long long drain = drain_of(text(at(container, {"name"})));
        const long long needed = (sleep.is_number() ? sleep.get<long long>() : 0) + drain;
        const long long has = grace.is_number() ? grace.get<long long>() : 30;
        if (has >= needed) continue;
        report(workload, titled(workload) + " has " + std::to_string(has) + " s to end, but sleeps and drains for " +
                             std::to_string(needed) + " s");
      }
    });
  }

  void security() {
    containers([&](const Object& workload, const Json& container) {
      const Json& pod = at(workload.value, {"spec", "template", "spec"});
      const Json& context = at(container, {"securityContext"});
      const auto wrong = [&](const std::string& what) { report(workload, titled(workload) + ": " + what); };
      if (at(pod, {"securityContext", "runAsNonRoot"}) != true) wrong("runAsNonRoot is not true");
      if (at(pod, {"securityContext", "seccompProfile", "type"}) != "RuntimeDefault") {
        wrong("seccompProfile is not RuntimeDefault");
      }
      if (at(context, {"allowPrivilegeEscalation"}) != false) wrong("allowPrivilegeEscalation is not false");
      if (at(context, {"readOnlyRootFilesystem"}) != true) wrong("readOnlyRootFilesystem is not true");
      if (at(context, {"capabilities", "drop"}) != Json::array({"ALL"})) wrong("capabilities are not dropped");
      if (at(pod, {"automountServiceAccountToken"}) != false) wrong("a token is mounted");
      for (const char* kind : {"requests", "limits"}) {
        for (const char* what : {"cpu", "memory"}) {
          if (at(container, {"resources", kind, what}).is_null()) wrong(std::string("no ") + what + " in " + kind);
        }
      }
    });
  }

  void one_scaler() {
    each("HorizontalPodAutoscaler", [&](const Object& scaler) {
      const std::string name = text(at(scaler.value, {"spec", "scaleTargetRef", "name"}));
      const Object* target = objects_.find("Deployment", name);
      if (target == nullptr) {
        report(scaler, "HorizontalPodAutoscaler " + name_of(scaler.value) + " scales " + name + ", which is not there");
      } else if (!at(target->value, {"spec", "replicas"}).is_null()) {
        report(*target, "Deployment " + name + " has replicas and an autoscaler; each deploy would undo the scaling");
      }
      if (at(scaler.value, {"spec", "minReplicas"}) > at(scaler.value, {"spec", "maxReplicas"})) {
        report(scaler, "minReplicas of " + name_of(scaler.value) + " is above maxReplicas");
      }
    });
  }

  void disruption() {
    each("PodDisruptionBudget", [&](const Object& budget) {
      const Json& least = at(budget.value, {"spec", "minAvailable"});
      if (!least.is_number()) return;
      each("Deployment", [&](const Object& deployment) {
        const Json& labels = pod_labels(deployment.value);
        if (!selects(at(budget.value, {"spec", "selector", "matchLabels"}), labels)) return;
        const long long replicas = least_replicas(deployment.value);
        if (least.get<long long>() < replicas) return;
        report(budget, "PodDisruptionBudget " + name_of(budget.value) + " wants " + least.dump() + " of " +
                           std::to_string(replicas) + " replicas, so no node could ever be drained");
      });
    });
  }

  void references() {
    containers([&](const Object& workload, const Json& container) {
      std::set<std::string> volumes;
      for (const auto& volume : at(workload.value, {"spec", "template", "spec", "volumes"})) {
        volumes.insert(text(at(volume, {"name"})));
        need(workload, "ConfigMap", text(at(volume, {"configMap", "name"})));
        need(workload, "PersistentVolumeClaim", text(at(volume, {"persistentVolumeClaim", "claimName"})));
      }
      for (const auto& mount : at(container, {"volumeMounts"})) {
        const std::string name = text(at(mount, {"name"}));
        if (!volumes.contains(name)) report(workload, "the volume " + name + " is mounted and not there");
      }
      need(workload, "ServiceAccount", text(at(workload.value, {"spec", "template", "spec", "serviceAccountName"})));
    });
    each("Ingress", [&](const Object& ingress) {
      for (const auto& rule : at(ingress.value, {"spec", "rules"})) {
        for (const auto& path : at(rule, {"http", "paths"})) {
          need(ingress, "Service", text(at(path, {"backend", "service", "name"})));
        }
      }
    });
  }

  void hosts() {
    std::set<std::string> seen;
    each("Ingress", [&](const Object& ingress) {
      for (const auto& rule : at(ingress.value, {"spec", "rules"})) {
        const std::string host = text(at(rule, {"host"}));
        if (!seen.insert(host).second) report(ingress, "the host " + host + " occurs twice");
      }
    });
  }

  void subsets() {
    each("VirtualService", [&](const Object& service) {
      for (const auto& route : at(service.value, {"spec", "http"})) {
        for (const auto& way : at(route, {"route"})) {
          const std::string host = text(at(way, {"destination", "host"}));
          const std::string subset = text(at(way, {"destination", "subset"}));
          if (subset.empty() || has_subset(host, subset)) continue;
          report(service, "VirtualService " + name_of(service.value) + " sends to the subset " + subset + " of " +
                              host + ", which no DestinationRule has");
        }
      }
    });
    each("DestinationRule", [&](const Object& rule) {
      if (objects_.workloads().empty()) return;
      for (const auto& subset : at(rule.value, {"spec", "subsets"})) {
        if (objects_.selects_pods(at(subset, {"labels"}))) continue;
        report(rule, "the subset " + text(at(subset, {"name"})) + " of " + name_of(rule.value) + " selects no pod");
      }
    });
  }

  void weights() {
    each("VirtualService", [&](const Object& service) {
      for (const auto& route : at(service.value, {"spec", "http"})) {
        long long sum = 0;
        bool weighted = false;
        for (const auto& way : at(route, {"route"})) {
          if (!way.contains("weight")) continue;
          weighted = true;
          sum += way["weight"].get<long long>();
        }
        if (weighted && sum != 100) {
          report(service, "the weights of VirtualService " + name_of(service.value) + " make " + std::to_string(sum) +
                              ", not 100");
        }
      }
    });
  }

  void monitors() {
    each("ServiceMonitor", [&](const Object& monitor) {
      if (!objects_.any("Service")) return;
      const Json& selector = at(monitor.value, {"spec", "selector", "matchLabels"});
      for (const auto& endpoint : at(monitor.value, {"spec", "endpoints"})) {
        bool found = false;
        each("Service", [&](const Object& service) {
          if (!selects(selector, at(service.value, {"metadata", "labels"}))) return;
          for (const auto& port : at(service.value, {"spec", "ports"})) {
            found = found || at(port, {"name"}) == at(endpoint, {"port"});
          }
        });
        if (found) continue;
        report(monitor, "ServiceMonitor " + name_of(monitor.value) + " selects no Service with a port " +
                            at(endpoint, {"port"}).dump());
      }
    });
  }

  // Each declared call is let through on both sides.
  void calls_allowed() {
    if (!objects_.any("NetworkPolicy") || !whole_) return;
    for (const auto& service : model_["services"]) {
      for (const auto& callee : service["callees"]) {
        for (const auto& port : callee["ports"]) {
          const std::string from = text(service["name"]);
          const std::string to = text(callee["service"]);
          const std::string what =
              from + " calls " + to + " on port " + port["number"].dump() + ", but no NetworkPolicy lets ";
          if (!allows(to, "ingress", "from", from, port["number"])) missing("NetworkPolicy", what + "it in");
          if (!allows(from, "egress", "to", to, port["number"])) missing("NetworkPolicy", what + "it out");
        }
      }
    }
  }

 private:
  void report(const Object& object, const std::string& message) { broken_.push_back({rule_, object.path, message}); }
  static std::string titled(const Object& object) {
    return text(at(object.value, {"kind"})) + " " + name_of(object.value);
  }
  void missing(const std::string& kind, const std::string& message) {
    if (objects_.any(kind)) report(*objects_.of(kind).front(), message);
  }

  template <class Look>
  void each(const char* kind, Look look) const {
    for (const auto* object : objects_.of(kind)) look(*object);
  }

  template <class Look>
  void workloads(Look look) const {
    for (const auto* object : objects_.workloads()) look(*object);
  }

  template <class Look>
  void containers(Look look) const {
    workloads([&](const Object& workload) {
      for (const auto& container : at(workload.value, {"spec", "template", "spec", "containers"})) {
        look(workload, container);
      }
    });
  }

  void need(const Object& object, const std::string& kind, const std::string& name) {
    if (!name.empty() && objects_.find(kind, name) == nullptr) {
      report(object, name_of(object.value) + " names the " + kind + " " + name + ", which is not there");
    }
  }

  long long drain_of(const std::string& container) const {
    for (const auto& service : model_["services"]) {
      if (service["name"] == container) return service["drain_s"].get<long long>();
    }
    return 0;
  }

  long long least_replicas(const Json& deployment) const {
    for (const auto* scaler : objects_.of("HorizontalPodAutoscaler")) {
      if (at(scaler->value, {"spec", "scaleTargetRef", "name"}) != name_of(deployment)) continue;
      return at(scaler->value, {"spec", "minReplicas"}).get<long long>();
    }
    const Json& fixed = at(deployment, {"spec", "replicas"});
    return fixed.is_number() ? fixed.get<long long>() : 1;
  }

  bool has_subset(const std::string& host, const std::string& name) const {
    for (const auto* rule : objects_.of("DestinationRule")) {
      if (text(at(rule->value, {"spec", "host"})) != host) continue;
      for (const auto& subset : at(rule->value, {"spec", "subsets"})) {
        if (at(subset, {"name"}) == name) return true;
      }
    }
    return false;
  }

  const Json* labels_of(const std::string& service) const {
    const Object* workload = objects_.workload_of(service);
    return workload == nullptr ? nullptr : &pod_labels(workload->value);
  }

  bool allows(const std::string& whose, const char* way, const char* side, const std::string& other,
              const Json& port) const {
    const Json* own = labels_of(whose);
    const Json* labels = labels_of(other);
    if (own == nullptr || labels == nullptr) return true;
    for (const auto* policy : objects_.of("NetworkPolicy")) {
      const Json& selector = at(policy->value, {"spec", "podSelector", "matchLabels"});
      if (selector.is_null() || !selects(selector, *own)) continue;
      for (const auto& rule : at(policy->value, {"spec", way})) {
        bool peer = false;
        for (const auto& one : at(rule, {side}))
          peer = peer || selects(at(one, {"podSelector", "matchLabels"}), *labels);
        for (const auto& one : at(rule, {"ports"})) {
          if (peer && at(one, {"port"}) == port) return true;
        }
      }
    }
    return false;
  }

  void check_labels(const Object& object, const std::string& whose, const Json& labels) {
    if (!labels.is_object()) return;
    for (const auto& [key, value] : labels.items()) {
      if (is_label_key(key) && value.is_string() && is_label_value(value.get<std::string>())) continue;
      report(object, "label " + key + " of " + whose + " is none that Kubernetes takes: at most 63 letters, digits, " +
                         "-, _ and ., not " + value.dump());
    }
  }

  const Objects objects_;
  const Json& model_;
  bool whole_;
  const char* rule_ = "";
  std::vector<Broken> broken_;
};

struct Rule {
  const char* name;
  void (Checker::*look)();
};

constexpr std::array<Rule, 15> rules{{{"selectors", &Checker::selectors},
                                      {"names", &Checker::names},
                                      {"service-ports", &Checker::service_ports},
                                      {"probe-ports", &Checker::probe_ports},
                                      {"probes-present", &Checker::probes_present},
                                      {"grace", &Checker::grace},
                                      {"security", &Checker::security},
                                      {"one-scaler", &Checker::one_scaler},
                                      {"disruption", &Checker::disruption},
                                      {"references", &Checker::references},
                                      {"hosts", &Checker::hosts},
                                      {"subsets", &Checker::subsets},
                                      {"weights", &Checker::weights},
                                      {"monitors", &Checker::monitors},
                                      {"calls-allowed", &Checker::calls_allowed}}};

}  // namespace

std::vector<Broken> cross_check(const std::vector<Object>& objects, const Json& model, bool whole) {
  Checker checker(objects, model, whole);
  for (const auto& rule : rules) {
    checker.begin(rule.name);
    (checker.*rule.look)();
  }
  return std::move(checker).take();
}

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const auto& rule : rules) names.emplace_back(rule.name);
  return names;
}

}  // namespace render
