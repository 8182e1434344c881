// Pattern 22. What is rendered for compose and Kubernetes is compared with what runs: the document that each service
// was started with, its ports, its variables, its probes, how long it may take to stop.

#include <algorithm>
#include <fstream>
#include <set>

#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/services.hpp"
#include "cli/verify/workspace.hpp"

namespace verify::deployment {
namespace {

namespace fs = std::filesystem;
using base::Json;
using Names = std::set<std::string>;

constexpr Ms timeout{3000};
constexpr int would_change_code = 7;  // docs/exit-codes.md
constexpr std::int64_t sleep_s = 5;   // before SIGTERM, docs/deploy.md

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

std::string words_of(const Names& names) { return names.empty() ? "none" : in_words({names.begin(), names.end()}); }

// One service as it runs and as it is rendered.
struct Pair {
  const spec::Service* service = nullptr;  // with the ports of the files, 0 where they leave it open
  control::ServiceView live;
  std::map<std::string, std::string> environment;  // of the process
  Json told;                                       // the document that the process was started with; null without one
  Json deployment;
  Json config;  // the rendered document; null without one
  Json compose;
};

// What both documents must agree in: everything but addresses, which are other ones in containers.
Json essence(const Json& document) {
  Json found;
  found["name"] = document.value("service", Json::object()).value("name", "");
  found["version"] = document.value("service", Json::object()).value("version", "");
  const Json ports = document.value("ports", Json::object());
  for (const auto& [name, number] : ports.items()) found["ports"].push_back(name);
  const Json calls = document.value("calls", Json::object());
  for (const auto& [name, call] : calls.items()) {
    found["calls"][name] = call.value("timeout_ms", 0);
  }
  for (const auto& route : document.value("routes", Json::array())) {
    found["routes"].push_back({route.value("prefix", ""), route.value("to", ""), route.value("service", "")});
  }
  const std::string url = document.value("database", Json::object()).value("url", "");
  found["database"] = url.substr(0, url.find(':'));
  found["broker"] = document.contains("broker");
  for (const char* key : {"consumes", "limits", "stop_grace_ms"}) found[key] = document.value(key, Json());
  return found;
}

// The first key in which the two differ.
std::string difference(const Json& told, const Json& rendered) {
  for (const auto& [key, value] : told.items()) {
    if (rendered.value(key, Json()) == value) continue;
    return key + ": it runs with " + base::dump_json(value) + ", rendered is " +
           base::dump_json(rendered.value(key, Json()));
  }
  return {};
}

const Json* of_kind(const std::vector<Json>& objects, const std::string& kind) {
  const auto found =
      std::find_if(objects.begin(), objects.end(), [&](const Json& one) { return text_of(one, "kind") == kind; });
  return found == objects.end() ? nullptr : &*found;
}

Json container_of(const Json& deployment) {
  return deployment.at("spec").at("template").at("spec").at("containers").at(0);
}

Names names_in(const Json& list) {
  Names names;
  for (const auto& one : list) names.insert(text_of(one, "name"));
  return names;
}

base::Result<void> compare_ports(const Pair& pair) {
  const std::string& name = pair.service->name;
  std::map<std::string, int> rendered;
  for (const auto& port : container_of(pair.deployment).value("ports", Json::array())) {
    rendered[text_of(port, "name")] = port.value("containerPort", 0);
  }
  for (const auto& [port, number] : pair.live.ports) {
    const auto found = rendered.find(port);
    if (found == rendered.end())
      return wrong(name + " listens on the port " + port + ", which Kubernetes does not get");
    const auto in_file = pair.service->ports.find(port);
    const bool is_given = in_file != pair.service->ports.end() && in_file->second != 0;
    if (is_given && found->second != number) {
      return wrong(name + "'s port " + port + " is " + std::to_string(number) + ", for Kubernetes it is " +
                   std::to_string(found->second));
    }
    const Json exposed = pair.compose.value("expose", Json::array());
    if (std::find(exposed.begin(), exposed.end(), Json(std::to_string(found->second))) == exposed.end()) {
      return wrong(name + "'s port " + port + " (" + std::to_string(found->second) + ") is not open in compose");
    }
  }
  if (rendered.size() != pair.live.ports.size()) return wrong("Kubernetes gets ports that " + name + " does not have");
  return base::success();
}

base::Result<void> compare_variables(const Pair& pair) {
  Names own;
  if (!pair.config.is_null()) own.insert("MSCTL_CONFIG");
  for (const auto& [variable, value] : pair.service->env) own.insert(variable);
  const Names kubernetes = names_in(container_of(pair.deployment).value("env", Json::array()));
  Names compose;
  const Json variables = pair.compose.value("environment", Json::object());
  for (const auto& [variable, value] : variables.items()) compose.insert(variable);
  for (const auto& variable : own) {
    const bool is_live = pair.environment.contains(variable);
    if (is_live && kubernetes.contains(variable) && compose.contains(variable)) continue;
    return wrong(pair.service->name + "'s variable " + variable + (is_live ? " is not rendered" : " is not set") +
                 "; it runs with " + words_of(own) + ", Kubernetes gets " + words_of(kubernetes) + ", compose " +
                 words_of(compose));
  }
  return base::success();
}

// The rendered probe must be one that the running service answers.
base::Result<void> try_probe(World& world, const Pair& pair, const std::string& kind) {
  const Json probe = container_of(pair.deployment).value(kind, Json());
  const std::string what = pair.service->name + "'s " + kind;
  if (!probe.is_object()) return wrong(what + " is not rendered");
  if (!probe.contains("httpGet")) return base::success();
  const std::string path = text_of(probe.at("httpGet"), "path");
  const auto port = pair.live.ports.find(text_of(probe.at("httpGet"), "port"));
  if (port == pair.live.ports.end()) return wrong(what + " asks a port that does not run");
  TRY(const auto response, world.http(port->second, get(path), timeout));
  if (response.status >= 200 && response.status < 300) return base::success();
  return wrong(what + " asks " + path + ", and the running service answers " + std::to_string(response.status));
}

// "1m30s" as milliseconds, as compose writes durations; its own 10 s when there is none, 0 when it is something else.
std::int64_t compose_grace_ms(const Json& service) {
  constexpr std::int64_t by_default = 10'000;
  const auto found = service.find("stop_grace_period");
  if (found == service.end()) return by_default;
  const std::map<std::string, std::int64_t> units{{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};
  const std::string text = found->is_string() ? found->get<std::string>() : std::string();
  std::int64_t sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t unit = std::min(text.find_first_not_of("0123456789", at), text.size());
    const std::size_t next = std::min(text.find_first_of("0123456789", unit), text.size());
    const auto factor = units.find(text.substr(unit, next - unit));
    if (unit == at || unit - at > 9 || factor == units.end()) return 0;
    sum += std::stoll(text.substr(at, unit - at)) * factor->second;
    at = next;
  }
  return sum;
}

base::Result<void> compare_grace(const Pair& pair) {
  const std::int64_t drain_ms = pair.service->stop_grace.count();
  const auto grace_s = pair.deployment.at("spec").at("template").at("spec").value("terminationGracePeriodSeconds", 0);
  if ((grace_s - sleep_s) * 1000 < drain_ms) {
    return wrong(pair.service->name + " may take " + std::to_string(drain_ms) + " ms to stop, Kubernetes gives it " +
                 std::to_string(grace_s) + " s, sleep included");
  }
  if (const auto compose_ms = compose_grace_ms(pair.compose); compose_ms < drain_ms) {
    return wrong(pair.service->name + " may take " + std::to_string(drain_ms) + " ms to stop, compose gives it " +
                 std::to_string(compose_ms) + " ms");
  }
  return base::success();
}

base::Result<void> compare(World& world, const Pair& pair) {
  if (!pair.told.is_null() && !pair.config.is_null()) {
    const std::string differs = difference(essence(pair.told), essence(pair.config));
    if (!differs.empty()) return wrong(pair.service->name + "'s configuration differs in " + differs);
  }
  TRY(compare_ports(pair));
  TRY(compare_variables(pair));
  for (const char* kind : {"startupProbe", "readinessProbe", "livenessProbe"}) {
    const bool is_wanted = kind != std::string("livenessProbe") || pair.service->live.has_value();
    if (!is_wanted) continue;
    TRY(try_probe(world, pair, kind));
  }
  return compare_grace(pair);
}

Json parsed(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  auto json = base::parse_json(std::string(std::istreambuf_iterator<char>(file), {}));
  return json ? std::move(json.value()) : Json();
}

base::Result<Pair> pair_of(World& world, const spec::Service& service, const fs::path& out, const Json& compose) {
  Pair pair;
  pair.service = &service;
  TRY(pair.live, instance(world, service.name));
  if (!pair.live.pid) return wrong(service.name + " does not run");
  TRY(pair.environment, world.environment(*pair.live.pid));
  if (pair.environment.contains("MSCTL_CONFIG")) pair.told = parsed(pair.environment.at("MSCTL_CONFIG"));
  const fs::path folder = out / environment_name / "kubernetes" / service.name;
  TRY(const auto workload, read_documents(folder / "stable.yaml"));
  const Json* const deployment = of_kind(workload, "Deployment");
  if (deployment == nullptr) return wrong("no Deployment is rendered for " + service.name);
  pair.deployment = *deployment;
  TRY(const auto objects, read_documents(folder / "service.yaml"));
  if (const Json* const map = of_kind(objects, "ConfigMap")) {
    auto config = base::parse_json(text_of(map->value("data", Json::object()), "config.json"));
    if (config) pair.config = std::move(config.value());
  }
  pair.compose = compose.value("services", Json::object()).value(service.name, Json());
  if (!pair.compose.is_object()) return wrong(service.name + " is not in compose");
  return pair;
}

// What of each environment is kept in deploy/: it must be what the files make now. Only those targets are asked for,
// since another one may need what the environment does not say.
base::Result<std::string> kept_files(World& world) {
  const auto& root = world.cluster().root;
  const fs::path ledger = root / "deploy" / ".msctl-deploy.json";  // docs/deploy.md
  std::error_code ignored;
  if (!fs::exists(ledger, ignored)) return std::string();
  TRY(const auto rendered, read_document(ledger));
  if (!rendered.is_object()) return wrong("deploy/.msctl-deploy.json is no list of rendered files");
  std::map<std::string, Names> kept;
  for (const auto& entry : rendered.value("files", Json::object())) {
    kept[text_of(entry, "environment")].insert(text_of(entry, "target"));
  }
  std::vector<std::string> fresh;
  for (const auto& [name, targets] : kept) {
    if (!fs::exists(root / "environments" / (name + ".yaml"), ignored)) continue;
    std::string list;
    for (const auto& target : targets) list += (list.empty() ? "" : ",") + target;
    const std::vector<std::string> words = {"deploy", "--env", name, "--target", list, "--check"};
    const Copy original{root, world.chosen().files};
    TRY(const auto output, run_msctl(world, words, original));
    const std::string command = "msctl deploy --env " + name + " --target " + list + " --check";
    if (output.exit_code == would_change_code) {
      return wrong("deploy/" + name + " is not what the cluster's files make now; see " + command);
    }
    if (output.exit_code != 0) return wrong(command + " says: " + output.err.substr(0, output.err.find('\n')));
    fresh.push_back(name);
  }
  return fresh.empty() ? std::string() : " The files in deploy/ for " + in_words(fresh) + " are up to date.";
}

}  // namespace

base::Result<Finding> look(World& world) {
  if (rest_services(world.cluster()).empty()) return absent("No service here answers HTTP for the gateway.");
  TRY(const auto folder, world.scratch());
  TRY(const auto copy, copy_description(world, folder / "workspace"));
  TRY(write_environment(world, copy));
  const fs::path out = folder / "out";
  TRY(const auto output, run_msctl(world,
                                   {"deploy", "--env", environment_name, "--target", "compose,k8s", "--out",
                                    out.string(), "--output", "json"},
                                   copy));
  if (output.exit_code != 0) {
    return failed("msctl deploy refuses this cluster: " + output.err);
  }
  TRY(const auto compose, read_document(out / environment_name / "compose" / "compose.yaml"));
  TRY(const auto files, spec::load_cluster(world.chosen()));
  std::vector<std::string> names;
  for (const auto* service : rest_services(world.cluster())) {
    const auto& as_written = files.services.at(service->name);
    TRY(const auto pair, pair_of(world, as_written, out, compose));
    TRY(compare(world, pair));
    names.push_back(service->name);
  }
  TRY(const auto kept, kept_files(world));
  const auto document = base::parse_json(output.out);
  const std::size_t count = document && document.value().contains("files") ? document.value().at("files").size() : 0;
  return passed(std::to_string(count) + " files rendered for compose and Kubernetes agree with what runs of " +
                in_words(names) +
                ": configuration, ports, variables, time to stop; the running services answer every " +
                "rendered probe." + kept + " Not tried: applying them to a cluster.");
}

}  // namespace verify::deployment
