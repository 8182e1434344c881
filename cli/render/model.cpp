#include "cli/render/model.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "cli/render/container.hpp"
#include "cli/render/contracts.hpp"
#include "cli/render/service_model.hpp"
#include "supervisor/spec/suggest.hpp"

namespace render {
namespace {

using base::Json;

Json or_default(const Json& object, const char* key, Json fallback) {
  return object.is_object() && object.contains(key) ? object[key] : std::move(fallback);
}

Json ingress_model(const Json& ingress) {
  if (ingress.is_null()) return nullptr;
  Json model{{"class", or_default(ingress, "class", nullptr)},
             {"namespace", or_default(ingress, "namespace", "ingress-nginx")},
             {"hosts", Json::array()}};
  for (const auto& host : ingress["hosts"]) {
    model["hosts"].push_back({{"host", host["host"]}, {"tls_secret", or_default(host, "tls_secret", nullptr)}});
  }
  return model;
}

Json faults_model(const Json& faults) {
  Json list = Json::array();
  if (!faults.is_object()) return list;
  for (const auto& [service, fault] : faults.items()) {
    list.push_back({{"service", service},
                    {"delay_ms", or_default(fault, "delay_ms", nullptr)},
                    {"delay_percent", or_default(fault, "delay_percent", 10)},
                    {"abort_status", or_default(fault, "abort_status", nullptr)},
                    {"abort_percent", or_default(fault, "abort_percent", 10)}});
  }
  return list;
}

// A script as one text and as lines; the text is null when nobody said anything.
void add_script(Json& model, const Json& ci, const std::string& key) {
  const Json lines = or_default(ci, key.c_str(), nullptr);
  model[key + "_lines"] = lines.is_null() ? Json::array() : lines;
  model[key] = nullptr;
  if (lines.is_null()) return;
  std::string text;
  for (const auto& line : lines) text += line.get<std::string>() + "\n";
  model[key] = text;
}

// What the environment says of its pipelines; contracts that there are need no words.
Json ci_model(const spec::Cluster& cluster, const Environment& environment) {
  Json ci = environment.get("ci");
  if (ci.is_object() && !ci.contains("contract_test")) {
    const std::string line = contract_test_line(cluster, or_default(ci, "msctl", "msctl").get<std::string>());
    if (!line.empty()) ci["contract_test"] = Json::array({line});
  }
  Json model{{"branch", or_default(ci, "branch", "main")},
             {"runner", or_default(ci, "runner", "ubuntu-24.04")},
             {"msctl", or_default(ci, "msctl", "msctl")},
             {"build_image", or_default(ci, "build_image", environment.get("build_image"))},
             {"image_tools", or_default(ci, "image_tools", nullptr)},
             {"deploy_tools", or_default(ci, "deploy_tools", nullptr)}};
  for (const char* key : {"setup", "test", "contract_test", "schema_check"}) add_script(model, ci, key);
  if (model["schema_check"].is_null()) {
    const std::string line = model["msctl"].get<std::string>() + " schema check \"$SERVICE\" --base \"$BASE\"";
    model["schema_check"] = line + "\n";
    model["schema_check_lines"] = Json::array({line});
  }
  if (model["setup"].is_null()) model["setup"] = "";
  return model;
}

// Which command builds $SERVICE.
std::string builds_of(const Json& services) {
  std::string text = "case \"$SERVICE\" in\n";
  for (const auto& service : services) {
    if (service["build"].is_null()) continue;
    text += "  " + service["name"].get<std::string>() + ") " + service["build"]["line"].get<std::string>() + " ;;\n";
  }
  return text + "esac\n";
}

Json environment_model(const spec::Cluster& cluster, const Environment& environment) {
  Json model{{"name", environment.name}, {"namespace", or_default(environment.value, "namespace", cluster.name)}};
  for (const char* key :
       {"image_prefix", "tag", "base_image", "build_image", "proxy_image", "pull_secret", "broker", "database"}) {
    model[key] = environment.get(key);
  }
  const Json& setup = environment.get("setup");
  model["setup"] = nullptr;
  if (!setup.is_null()) {
    model["setup"] = {{"command", setup["command"]}, {"inputs", or_default(setup, "inputs", Json::array())}};
  }
  model["ingress"] = ingress_model(environment.get("ingress"));
  model["hosts"] = Json::array();
  if (!model["ingress"].is_null()) {
    for (const auto& host : model["ingress"]["hosts"]) model["hosts"].push_back(host["host"]);
  }
  const Json& monitoring = environment.get("monitoring");
  model["monitoring"] = {{"namespace", or_default(monitoring, "namespace", "monitoring")},
                         {"labels", or_default(monitoring, "labels", Json::object())},
                         {"interval_s", or_default(monitoring, "interval_s", 30)}};
  model["faults"] = faults_model(environment.get("faults"));
  const Json& actions = environment.get("actions");
  model["actions"] = Json::object();
  for (const auto& [name, unused] : environment_schema()["properties"]["actions"]["properties"].items()) {
    model["actions"][name] = or_default(actions, name.c_str(), nullptr);
  }
  const std::string prefix = environment.value.value("image_prefix", std::string());
  const std::string first = prefix.substr(0, prefix.find('/'));
  // A registry is told from a user of the usual one by its dot or port.
  model["registry"] = first.find_first_of(".:") == std::string::npos ? std::string() : first;
  model["ci"] = ci_model(cluster, environment);
  return model;
}

// Longest prefix first, as the gateway reads them.
Json routes_model(const spec::Cluster& cluster) {
  std::vector<spec::Route> routes;
  for (const auto& [name, service] : cluster.services) {
    routes.insert(routes.end(), service.routes.begin(), service.routes.end());
  }
  std::stable_sort(routes.begin(), routes.end(),
                   [](const auto& a, const auto& b) { return a.prefix.size() > b.prefix.size(); });
  Json list = Json::array();
  for (const auto& route : routes)
    list.push_back({{"prefix", route.prefix}, {"to", route.to}, {"service", route.service}});
  return list;
}

// Whether compose can ask the service for its health.
bool has_health(const Json& service) {
  return !service["health_command"].is_null() && !service["probes"]["readiness"].is_null();
}

Json gateway_model(const spec::Service& inside, const Json& service) {
  const auto http = inside.ports.find("http");
  return {{"name", inside.name},
          {"port", http == inside.ports.end() ? Json() : Json(http->second)},
          {"has_health", has_health(service)}};
}

// What a service says of another one is only known when all are made.
void link(Json& services, Remarks& remarks) {
  std::map<std::string, bool> healthy;
  for (const auto& service : services) healthy[service["name"].get<std::string>()] = has_health(service);
  std::set<std::string> told;
  for (auto& service : services) {
    for (auto& one : service["depends_on"]) {
      const auto other = one["service"].get<std::string>();
      one["has_health"] = healthy[other];
      if (healthy[other] || one["condition"] != "ready" || !told.insert(other).second) continue;
      remarks.notes.push_back(other + ": compose cannot ask it for its health without a program in its image, so " +
                              "others start when it has started; services." + other + ".health_command can name one");
    }
  }
}

}  // namespace

base::Result<Model> make_model(const spec::Cluster& cluster, const Environment& environment) {
  const spec::Cluster inside = in_containers(cluster);
  const auto edges = edges_of(cluster, environment);
  const Around around{cluster, inside, environment, edges};
  Remarks remarks;
  Model model;
  Json& value = model.value;
  value["cluster"] = {{"name", cluster.name}, {"broker", cluster.broker.empty() ? Json() : Json(cluster.broker)}};
  value["environment"] = environment_model(cluster, environment);
  value["routes"] = routes_model(cluster);
  value["gateway"] = nullptr;
  value["services"] = Json::array();
  value["workloads"] = Json::array();
  value["externals"] = Json::array();
  for (const auto& [name, service] : cluster.services) {
    if (makes_databases(cluster, name)) {
      remarks.notes.push_back(name + ": roles and databases are made by whoever runs PostgreSQL there, each with the " +
                              "name of its service");
    }
    if (is_replaced(cluster, name, environment)) continue;
    Json made = service_model(around, service, remarks);
    if (service.gateway) value["gateway"] = gateway_model(inside.services.at(name), made);
    value[service.source == spec::Source::external ? "externals" : "services"].push_back(std::move(made));
  }
  link(value["services"], remarks);
  value["builds"] = builds_of(value["services"]);
  value["names"] = Json::array();
  for (const auto& service : value["services"]) value["names"].push_back(service["name"]);
  value["measured"] = Json::array();
  for (const auto& service : value["services"]) {
    if (service["metrics"].is_null()) continue;
    const auto number = value["measured"].size();
    value["measured"].push_back({{"name", service["name"]}, {"number", number}, {"row", number * 8}});
  }
  for (const auto& service : value["services"]) {
    for (const auto& workload : service["workloads"]) {
      value["workloads"].push_back(workload);
      value["workloads"].back()["service"] = service;
    }
  }
  if (!remarks.mistakes.empty()) {
    std::string text;
    for (const auto& line : remarks.mistakes) text += (text.empty() ? "" : "\n") + line;
    return base::fail(base::ErrorCode::invalid, text);
  }
  model.notes = std::move(remarks.notes);
  return model;
}

}  // namespace render
