#include "cli/affected/affected.hpp"

#include <algorithm>
#include <set>

#include "cli/watch/inputs.hpp"
#include "supervisor/spec/encode.hpp"

namespace affected {
namespace {

using base::Json;

constexpr std::size_t most_reasons = 5;  // the rest is counted

enum class Kind { build, deploy };

class Finder {
 public:
  Finder(const spec::Cluster& now, const Change& change) : now_(now), change_(change) {}

  Answer find() && {
    by_inputs();
    by_setup();
    by_cluster_files();
    by_environments();
    by_own_manifests();
    by_contracts();
    for (auto& [name, effect] : answer_.services) shorten(effect);
    return std::move(answer_);
  }

 private:
  std::string shown(const std::string& file) const {
    const std::string near = std::filesystem::path(file).lexically_relative(now_.root).string();
    return near.empty() ? file : near;
  }

  void add(const std::string& service, Kind kind, const std::string& reason) {
    if (!now_.services.contains(service)) return;
    Effect& effect = answer_.services[service];
    effect.deploy = true;
    if (kind == Kind::build) effect.build = effect.test = true;
    if (std::find(effect.reasons.begin(), effect.reasons.end(), reason) == effect.reasons.end()) {
      effect.reasons.push_back(reason);
    }
  }

  void by_inputs() {
    const auto inputs = watch::inputs_of(now_, {});
    for (const auto& file : change_.files) {
      for (const auto& one : inputs) {
        if (one.matches(file)) add(one.service, Kind::build, shown(file));
      }
    }
  }

  void by_setup() {
    for (const auto& glob : change_.setup_inputs) {
      const watch::Pattern pattern(now_.root, glob, false);
      for (const auto& file : change_.files) {
        if (!pattern.matches(file)) continue;
        for (const auto& [name, service] : now_.services) {
          if (service.build) add(name, Kind::build, shown(file));
        }
      }
    }
  }

  // Each service as its files say it, whichever of them it is.
  void by_cluster_files() {
    if (change_.before == nullptr) {
      if (change_.why_not.empty()) return;
      for (const auto& [name, service] : now_.services) add(name, Kind::build, change_.why_not);
      return;
    }
    for (const auto& [name, service] : change_.before->services) {
      if (!now_.services.contains(name)) answer_.removed.push_back(name);
    }
    for (const auto& [name, service] : now_.services) {
      const auto old = change_.before->services.find(name);
      if (old == change_.before->services.end()) {
        add(name, Kind::build, "new in the cluster");
        continue;
      }
      const Json was = spec::encode_service(*change_.before, old->second);
      const Json is = spec::encode_service(now_, service);
      for (const auto& [key, value] : is.items()) {
        if (was.contains(key) && was[key] == value) continue;
        add(name, key == "build" || key == "command" ? Kind::build : Kind::deploy, "its key " + key);
      }
      for (const auto& [key, value] : was.items()) {
        if (!is.contains(key)) add(name, Kind::deploy, "its key " + key);
      }
    }
    by_neighbours();
  }

  // A service's configuration has the addresses of those it calls, and the gateway's has everybody's routes.
  void by_neighbours() {
    for (const auto& [name, service] : now_.services) {
      const auto old = change_.before->services.find(name);
      if (old == change_.before->services.end()) continue;
      if (spec::service_config(at_home(*change_.before), old->second) != spec::service_config(at_home(now_), service)) {
        add(name, Kind::deploy, "what it is told at start");
      }
    }
  }

  // Folders of two checkouts are no difference.
  static spec::Cluster at_home(const spec::Cluster& cluster) {
    spec::Cluster same = cluster;
    same.root = "/";
    same.state = "/.msctl";
    return same;
  }

  void by_environments() {
    for (const auto& [file, values] : change_.environments) {
      const auto& [was, is] = values;
      std::set<std::string> keys;
      for (const Json* value : {&was, &is}) {
        if (!value->is_object()) continue;
        for (const auto& [key, child] : value->items()) keys.insert(key);
      }
      for (const auto& key : keys) {
        const Json before = was.is_object() && was.contains(key) ? was[key] : Json();
        const Json now = is.is_object() && is.contains(key) ? is[key] : Json();
        if (before == now) continue;
        for (const auto& [name, service] : now_.services) {
          if (key == "services" && member(before, name) == member(now, name)) continue;
          add(name, Kind::deploy, file + ": " + key + (key == "services" ? "." + name : ""));
        }
      }
    }
  }

  static Json member(const Json& object, const std::string& key) {
    return object.is_object() && object.contains(key) ? object[key] : Json();
  }

  // Forms of the workspace itself.
  void by_own_manifests() {
    for (const auto& file : change_.files) {
      const std::string near = shown(file);
      if (!near.starts_with("manifests/") && !near.starts_with("pipelines/")) continue;
      for (const auto& [name, service] : now_.services) add(name, Kind::deploy, near);
    }
  }

  void by_contracts() {
    std::set<std::string> built;
    for (const auto& [name, effect] : answer_.services) {
      if (effect.build) built.insert(name);
    }
    for (const auto& [name, service] : now_.services) {
      for (const auto& call : service.calls) {
        if (!built.contains(name) && !built.contains(call.service)) continue;
        answer_.contracts.push_back({name, call.service});
        const std::string& other = built.contains(name) ? call.service : name;
        if (built.contains(other)) continue;
        Effect& effect = answer_.services[other];
        effect.test = true;
        effect.reasons.push_back("its contract with " + (built.contains(name) ? name : call.service));
      }
    }
  }

  static void shorten(Effect& effect) {
    if (effect.reasons.size() <= most_reasons) return;
    const auto more = effect.reasons.size() - most_reasons;
    effect.reasons.resize(most_reasons);
    effect.reasons.push_back("and " + std::to_string(more) + " more");
  }

  const spec::Cluster& now_;
  const Change& change_;
  Answer answer_;
};

}  // namespace

Answer affected_by(const spec::Cluster& now, const Change& change) { return Finder(now, change).find(); }

}  // namespace affected
