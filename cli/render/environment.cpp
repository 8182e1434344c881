#include "cli/render/environment.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "supervisor/spec/schema_validator.hpp"
#include "supervisor/spec/secrets.hpp"
#include "supervisor/spec/source.hpp"
#include "supervisor/spec/suggest.hpp"

namespace render {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Json;

constexpr const char* folder_name = "environments";

// What a service gets when nobody says anything else. 3 replicas survive a node and a rollout at once.
const Json& built_in() {
  static const Json settings{
      {"replicas", {{"min", 3}, {"max", 10}}},
      {"cpu_target", 70},
      {"resources",
       {{"requests", {{"cpu", "100m"}, {"memory", "64Mi"}}}, {"limits", {{"cpu", "1"}, {"memory", "256Mi"}}}}},
      {"env", Json::object()},
      {"secrets", Json::object()},
      {"user", 1000},
      {"storage", {{"size", "1Gi"}}},
      {"labels", Json::object()},
      {"annotations", Json::object()}};
  return settings;
}

// Labels that objects are found by.
bool is_ours(const std::string& label) {
  static const std::set<std::string> ours{"app",
                                          "version",
                                          "app.kubernetes.io/name",
                                          "app.kubernetes.io/instance",
                                          "app.kubernetes.io/version",
                                          "app.kubernetes.io/part-of",
                                          "app.kubernetes.io/managed-by"};
  return ours.contains(label);
}

// What the files say together of one service, without what nobody said.
void check_settings(const spec::SourceFile& file, const Json& merged, const std::string& at, spec::Problems& problems) {
  const Json& replicas = merged["replicas"];
  if (replicas["min"] > replicas["max"]) {
    problems.add(
        file, at + "/replicas",
        "min is " + replicas["min"].dump() + " and max " + replicas["max"].dump() + "; min must not be above max");
  }
  for (const char* what : {"cpu", "memory"}) {
    const auto amount = [&](const char* kind) {
      const std::string text = merged["resources"][kind][what].get<std::string>();
      return std::string_view(what) == "cpu" ? millicores(text) : bytes_of(text);
    };
    if (amount("requests") <= amount("limits")) continue;
    problems.add(file, at + "/resources",
                 "the " + std::string(what) + " request " + merged["resources"]["requests"][what].get<std::string>() +
                     " is above the limit " + merged["resources"]["limits"][what].get<std::string>());
  }
  for (const auto& [name, value] : merged["labels"].items()) {
    if (!is_ours(name)) continue;
    problems.add(file, spec::child_pointer(at + "/labels", name), "msctl sets this label itself; choose another name");
  }
  for (const auto& [name, value] : merged["env"].items()) {
    if (merged["secrets"].contains(name)) {
      problems.add(file, at + "/env/" + name, "is also under secrets; give it once");
    } else if (spec::names_a_secret(name)) {
      problems.add(file, at + "/env/" + name,
                   "is a secret by its name and would stand in the rendered files; name a Secret instead: secrets: {" +
                       name + ": {secret: NAME, key: KEY}}");
    }
  }
}

void check_names(const spec::Cluster& cluster, const spec::SourceFile& file, const char* key,
                 spec::Problems& problems) {
  const Json& root = file.document.value;
  if (!root.contains(key)) return;
  std::vector<std::string> known;
  for (const auto& [name, service] : cluster.services) known.push_back(name);
  for (const auto& [name, settings] : root[key].items()) {
    if (cluster.services.contains(name) || cluster.left_out.contains(name)) continue;
    const std::string near = spec::nearest(name, known);
    problems.add(file, std::string("/") + key + "/" + name,
                 "there is no service \"" + name + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }
}

// What is in a pattern of the schema only with trouble.
void check_values(const spec::SourceFile& file, spec::Problems& problems) {
  const Json& root = file.document.value;
  if (root.value("namespace", std::string()).starts_with("kube-")) {
    problems.add(file, "/namespace",
                 "names that begin with kube- are Kubernetes' own; give the cluster one of its own");
  }
  if (root.contains("broker")) {
    const auto url = root["broker"]["url"].get<std::string>();
    const long port = std::strtol(url.c_str() + url.rfind(':') + 1, nullptr, 10);
    if (port < 1 || port > 65535) problems.add(file, "/broker/url", "expected a port from 1 to 65535");
  }
}

void check_hosts(const spec::SourceFile& file, spec::Problems& problems) {
  const Json& root = file.document.value;
  if (!root.contains("ingress")) return;
  std::set<std::string> seen;
  const Json& hosts = root["ingress"]["hosts"];
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto host = hosts[i]["host"].get<std::string>();
    if (!seen.insert(host).second) {
      problems.add(file, "/ingress/hosts/" + std::to_string(i) + "/host", "the host " + host + " occurs twice");
    }
  }
}

base::Result<void> override_key(Json& value, const char* key, const char* flag, const std::string& given) {
  if (given.empty()) return base::success();
  Json only{{key, given}};
  const auto found = spec::violations(environment_schema(), only, 1);
  if (!found.empty()) return base::fail(ErrorCode::invalid, std::string(flag) + ": " + found.front().message);
  value[key] = given;
  return base::success();
}

base::Result<std::string> choose(const fs::path& root, const std::string& name) {
  const auto names = environment_names(root);
  std::string list;
  for (const auto& one : names) list += (list.empty() ? "" : ", ") + one;
  if (name.empty() && names.size() == 1) return names.front();
  if (names.empty() && name.empty()) {
    return base::fail(ErrorCode::not_found,
                      "there is no environment to render for; write environments/NAME.yaml beside msctl.yaml, with "
                      "`image_prefix` and `tag` to begin with (docs/deploy.md lists its keys)");
  }
  if (name.empty()) return base::fail(ErrorCode::invalid, "which environment? name it with --env: " + list);
  if (std::find(names.begin(), names.end(), name) != names.end()) return name;
  const std::string near = spec::nearest(name, names);
  return base::fail(ErrorCode::not_found, "there is no environments/" + name + ".yaml" +
                                              (near.empty() ? "" : "; did you mean " + near + "?") +
                                              (names.empty() ? "" : " (there are: " + list + ")"));
}

}  // namespace

const Json& environment_schema() {
  static const Json schema = [] {
    auto parsed = base::parse_json(embedded_environment_schema);
    return parsed ? std::move(parsed).value() : Json();
  }();
  return schema;
}

Json Environment::settings(const std::string& service) const {
  Json merged = built_in();
  merged.merge_patch(get("defaults").is_null() ? Json::object() : get("defaults"));
  const Json& services = get("services");
  if (!services.is_null() && services.contains(service)) merged.merge_patch(services[service]);
  return merged;
}

const Json& Environment::get(const char* key) const {
  static const Json nothing;
  const auto found = value.find(key);
  return found == value.end() ? nothing : *found;
}

std::vector<std::string> environment_names(const fs::path& root) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator at(root / folder_name, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() == ".yaml" && !at->path().stem().empty()) names.push_back(at->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<Environment> load_environment(const spec::Cluster& cluster, const std::string& name,
                                           const Overrides& overrides) {
  TRY(const std::string chosen, choose(cluster.root, name));
  const auto is_label = [](const std::string& text) {
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos &&
           text.front() != '-' && text.back() != '-' && text.size() <= 63;
  };
  if (!is_label(chosen)) {
    return base::fail(ErrorCode::invalid, "environments/" + chosen + ".yaml: expected a name of a-z, 0-9 and -");
  }
  Environment environment;
  environment.name = chosen;
  environment.file = std::string(folder_name) + "/" + chosen + ".yaml";
  TRY(const auto source, spec::read_source(cluster.root / environment.file, environment.file));
  environment.value = source.document.value.is_null() ? Json::object() : source.document.value;

  spec::Problems problems;
  for (const auto& violation : spec::violations(environment_schema(), environment.value, spec::max_problems)) {
    problems.add(source, violation);
  }
  if (!problems.empty()) return problems.error();
  check_names(cluster, source, "services", problems);
  check_names(cluster, source, "faults", problems);
  check_hosts(source, problems);
  check_values(source, problems);
  for (const auto& [service, unused] : cluster.services) {
    const Json& services = environment.get("services");
    const bool own = !services.is_null() && services.contains(service);
    if (own) check_settings(source, environment.settings(service), "/services/" + service, problems);
  }
  if (environment.value.contains("defaults")) check_settings(source, environment.settings(""), "/defaults", problems);
  if (!problems.empty()) return problems.error();
  TRY(override_key(environment.value, "image_prefix", "--image-prefix", overrides.image_prefix));
  TRY(override_key(environment.value, "tag", "--tag", overrides.tag));
  TRY(override_key(environment.value, "base_image", "--base-image", overrides.base_image));
  return environment;
}

long long millicores(const std::string& text) {
  const double number = std::strtod(text.c_str(), nullptr);
  return std::llround(text.ends_with('m') ? number : number * 1000);
}

long long bytes_of(const std::string& text) {
  const long long number = std::strtoll(text.c_str(), nullptr, 10);
  static constexpr std::string_view units = "KMGT";
  const auto unit = text.size() > 2 ? units.find(text[text.size() - 2]) : std::string_view::npos;
  if (!text.ends_with('i') || unit == std::string_view::npos) return number;
  return number << (10 * (unit + 1));
}

}  // namespace render
