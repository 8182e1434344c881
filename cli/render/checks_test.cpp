#include "cli/render/checks.hpp"

#include <gmock/gmock.h>

#include "supervisor/spec/yaml.hpp"

namespace render {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::IsEmpty;

Json parsed(const std::string& yaml) {
  auto document = spec::parse_yaml(yaml, "test");
  EXPECT_TRUE(document) << document.error().message;
  return document ? document.value().value : Json();
}

// Objects that agree with each other; tests spoil one thing each.
Json whole() {
  return parsed(R"(
deployment:
  kind: Deployment
  metadata: {name: web}
  spec:
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web, version: stable}}
      spec:
        serviceAccountName: web
        automountServiceAccountToken: false
        terminationGracePeriodSeconds: 20
        securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
        containers:
          - name: web
            ports: [{name: http, containerPort: 80}]
            readinessProbe: {httpGet: {port: http}}
            lifecycle: {preStop: {sleep: {seconds: 5}}}
            resources: {requests: {cpu: 1, memory: 1}, limits: {cpu: 1, memory: 1}}
            securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
            volumeMounts: [{name: config}]
        volumes: [{name: config, configMap: {name: web-config}}]
service: {kind: Service, metadata: {name: web, labels: {app: web}}, spec: {selector: {app: web}, ports: [{name: http, targetPort: http}]}}
account: {kind: ServiceAccount, metadata: {name: web}}
config: {kind: ConfigMap, metadata: {name: web-config}}
scaler: {kind: HorizontalPodAutoscaler, metadata: {name: web}, spec: {scaleTargetRef: {name: web}, minReplicas: 3, maxReplicas: 5}}
budget: {kind: PodDisruptionBudget, metadata: {name: web}, spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}}
ingress: {kind: Ingress, metadata: {name: web}, spec: {rules: [{host: a.example.com, http: {paths: [{backend: {service: {name: web}}}]}}]}}
rule: {kind: DestinationRule, metadata: {name: web}, spec: {host: web, subsets: [{name: stable, labels: {version: stable}}]}}
routes: {kind: VirtualService, metadata: {name: web}, spec: {http: [{route: [{destination: {host: web, subset: stable}, weight: 100}]}]}}
monitor: {kind: ServiceMonitor, metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, endpoints: [{port: http}]}}
policy:
  kind: NetworkPolicy
  metadata: {name: web}
  spec:
    podSelector: {matchLabels: {app: web}}
    ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}]
    egress: [{to: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}]
)");
}

// The names of the rules that are broken, each once.
std::vector<std::string> broken(const Json& objects) {
  const Json model =
      parsed("services: [{name: web, drain_s: 10, callees: [{service: web, ports: [{name: http, number: 80}]}]}]");
  std::vector<Object> list;
  for (const auto& [name, value] : objects.items()) list.push_back({name, "k8s", value});
  std::vector<std::string> names;
  for (const auto& one : cross_check(list, model, true)) {
    if (names.empty() || names.back() != one.rule) names.push_back(one.rule);
  }
  return names;
}

std::vector<std::string> spoiled(const std::string& pointer, const std::string& value) {
  Json objects = whole();
  objects[Json::json_pointer(pointer)] = parsed(value);
  return broken(objects);
}

TEST(CrossCheck, what_agrees_passes) { EXPECT_THAT(broken(whole()), IsEmpty()); }

TEST(CrossCheck, each_rule_sees_what_it_is_for) {
  const std::string container = "/deployment/spec/template/spec/containers/0";
  EXPECT_THAT(spoiled("/service/spec/selector", "{app: wbe}"), ElementsAre("selectors"));
  EXPECT_THAT(spoiled("/deployment/spec/selector/matchLabels", "{app: x}"), ElementsAre("selectors"));
  EXPECT_THAT(spoiled("/service/metadata/labels", "{app: web, team: -x}"), ElementsAre("names"));
  EXPECT_THAT(spoiled("/deployment/spec/template/metadata/labels/version", std::string(64, 'v')),
              ElementsAre("names", "subsets"));
  EXPECT_THAT(spoiled("/service/spec/ports/0/targetPort", "grpc"), ElementsAre("service-ports"));
  EXPECT_THAT(spoiled(container + "/readinessProbe/httpGet/port", "8080"), ElementsAre("probe-ports"));
  EXPECT_THAT(spoiled("/deployment/spec/template/spec/terminationGracePeriodSeconds", "14"), ElementsAre("grace"));
  EXPECT_THAT(spoiled(container + "/securityContext/readOnlyRootFilesystem", "false"), ElementsAre("security"));
  EXPECT_THAT(spoiled(container + "/resources/limits", "{cpu: 1}"), ElementsAre("security"));
  EXPECT_THAT(spoiled("/deployment/spec/template/spec/automountServiceAccountToken", "true"), ElementsAre("security"));
  EXPECT_THAT(spoiled("/deployment/spec/replicas", "3"), ElementsAre("one-scaler"));
  EXPECT_THAT(spoiled("/scaler/spec/maxReplicas", "2"), ElementsAre("one-scaler"));
  EXPECT_THAT(spoiled("/budget/spec/minAvailable", "3"), ElementsAre("disruption"));
  EXPECT_THAT(spoiled("/config/metadata/name", "other"), ElementsAre("references"));
  EXPECT_THAT(spoiled("/account/metadata/name", "other"), ElementsAre("references"));
  EXPECT_THAT(spoiled(container + "/volumeMounts/0/name", "other"), ElementsAre("references"));
  EXPECT_THAT(spoiled("/routes/spec/http/0/route/0/destination/subset", "canary"), ElementsAre("subsets"));
  EXPECT_THAT(spoiled("/rule/spec/subsets/0/labels", "{version: x}"), ElementsAre("subsets"));
  EXPECT_THAT(spoiled("/routes/spec/http/0/route/0/weight", "90"), ElementsAre("weights"));
  EXPECT_THAT(spoiled("/monitor/spec/endpoints/0/port", "metrics"), ElementsAre("monitors"));
  EXPECT_THAT(spoiled("/policy/spec/ingress", "[]"), ElementsAre("calls-allowed"));
  EXPECT_THAT(spoiled("/policy/spec/egress/0/ports/0/port", "81"), ElementsAre("calls-allowed"));
}

TEST(CrossCheck, a_deployment_needs_a_probe_and_a_host_is_given_once) {
  Json objects = whole();
  objects["deployment"]["spec"]["template"]["spec"]["containers"][0].erase("readinessProbe");
  EXPECT_THAT(broken(objects), ElementsAre("probes-present"));
  objects = whole();
  objects["second"] = objects["ingress"];
  EXPECT_THAT(broken(objects), ElementsAre("hosts"));
}

}  // namespace
}  // namespace render
