#include "supervisor/spec/link.hpp"

#include <algorithm>

#include "supervisor/spec/suggest.hpp"

namespace spec {
namespace {

class Linker {
 public:
  Linker(Cluster& cluster, const Layers& layers, const ServiceSources& sources, Problems& problems)
      : cluster_(cluster), layers_(layers), sources_(sources), problems_(problems) {}

  void run() {
    check_backbone("broker", cluster_.broker);
    choose_broker_kind();
    check_backbone("postgres", cluster_.postgres);
    for (auto& [name, service] : cluster_.services) {
      if (problems_.full()) return;
      const ServiceSource& source = sources_.at(name);
      link_explicit(source, service);
      link_calls(source, service);
      link_broker(source, service);
      link_database(source, service);
      check_routes(source, service);
      check_ports(source, service);
    }
    link_gateway();
    if (problems_.empty()) check_cycles();
  }

 private:
  bool known(const ServiceSource& source, const std::string& pointer, const std::string& name) {
    if (cluster_.services.contains(name)) return true;
    if (problems_.full()) return false;
    const auto left_out = cluster_.left_out.find(name);
    source.report(problems_, child_pointer(pointer, name),
                  left_out == cluster_.left_out.end() ? "no service of this name" + suggestion(name)
                                                      : only_with(left_out->second));
    return false;
  }

  static std::string only_with(const std::vector<std::string>& profiles) {
    std::string text;
    for (const std::string& profile : profiles) text += (text.empty() ? "" : " or ") + profile;
    return "needed, but only there with profile " + text + "; add --profile " + profiles.front();
  }

  bool is_left_out(const std::string& name) const { return cluster_.left_out.contains(name); }

  void link_explicit(const ServiceSource& source, Service& service) {
    std::erase_if(service.depends_on, [&](const Dependency& dependency) {
      return !dependency.required && is_left_out(dependency.service);
    });
    for (const Dependency& dependency : service.depends_on) known(source, "/depends_on", dependency.service);
  }

  // Whether depends_on says that it can do without that service.
  static bool is_optional(const ServiceSource& source, const std::string& name) {
    const auto explicit_ones = source.merged.find("depends_on");
    if (explicit_ones == source.merged.end()) return false;
    const auto one = explicit_ones->find(name);
    return one != explicit_ones->end() && one->is_object() && !one->value("required", true);
  }

  std::string suggestion(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& [known, service] : cluster_.services) names.push_back(known);
    const std::string near = nearest(name, names);
    return near.empty() ? "" : "; did you mean \"" + near + "\"?";
  }

  static void derive(Service& service, const std::string& on, Condition condition, bool required) {
    const auto same = [&](const Dependency& dependency) { return dependency.service == on; };
    if (std::any_of(service.depends_on.begin(), service.depends_on.end(), same)) return;
    service.depends_on.push_back({on, condition, required});
  }

  // A service that others need by its kind.
  void check_backbone(const std::string& key, const std::string& name) {
    if (name.empty() || is_left_out(name)) return;
    const auto found = cluster_.services.find(name);
    if (found == cluster_.services.end()) {
      layers_.report(problems_, "/" + key, "no service is named \"" + name + "\"" + suggestion(name));
    } else if (found->second.source != Source::external && !found->second.ports.contains("client")) {
      layers_.report(problems_, "/" + key, "service \"" + name + "\" has no port named \"client\"");
    }
  }

  void choose_broker_kind() {
    if (!cluster_.broker_kind.empty()) return;
    const auto broker = cluster_.services.find(cluster_.broker);
    const bool has_program = broker != cluster_.services.end() && !broker->second.command.empty();
    const std::filesystem::path program = has_program ? broker->second.command.front() : "";
    cluster_.broker_kind = program.filename() == "redis-server" ? "redis" : "nats";
  }

  void link_calls(const ServiceSource& source, Service& service) {
    std::erase_if(service.calls,
                  [&](const Call& call) { return is_left_out(call.service) && is_optional(source, call.service); });
    for (Call& call : service.calls) {
      if (!known(source, "/calls", call.service)) continue;
      const Service& callee = cluster_.services.at(call.service);
      if (!callee.ports.contains("grpc")) call.port = "http";
      if (callee.source != Source::external && !callee.ports.contains(call.port)) {
        source.report(problems_, child_pointer("/calls", call.service),
                      "that service has no port named \"grpc\" or \"http\"");
      }
      derive(service, call.service, Condition::ready, true);
    }
  }

  void link_broker(const ServiceSource& source, Service& service) {
    if (service.publishes.empty() && service.consumes.empty()) return;
    const std::string key = service.publishes.empty() ? "consumes" : "publishes";
    if (cluster_.broker.empty()) {
      source.report(problems_, "/" + key,
                    "needs a broker; name the service that is one as `broker` in " + layers_.name());
    } else if (cluster_.services.contains(cluster_.broker)) {
      derive(service, cluster_.broker, Condition::ready, true);
    } else if (is_left_out(cluster_.broker)) {
      source.report(problems_, "/" + key,
                    "the broker \"" + cluster_.broker + "\" is " + only_with(cluster_.left_out.at(cluster_.broker)));
    }
  }

  void link_database(const ServiceSource& source, Service& service) {
    if (service.database != "postgres") return;
    if (cluster_.postgres.empty()) {
      source.report(problems_, "/database",
                    "needs PostgreSQL; name the service that is it as `postgres` in " + layers_.name());
    } else if (cluster_.services.contains(cluster_.postgres)) {
      derive(service, databases_job(cluster_), Condition::completed, true);
    } else if (is_left_out(cluster_.postgres)) {
      source.report(
          problems_, "/database",
          "the PostgreSQL \"" + cluster_.postgres + "\" is " + only_with(cluster_.left_out.at(cluster_.postgres)));
    }
  }

  void check_routes(const ServiceSource& source, const Service& service) {
    const bool is_ours = service.source != Source::external;
    if (is_ours && !service.routes.empty() && !service.ports.contains("http")) {
      source.report(problems_, "/routes", "routes need a port named \"http\"");
    }
    for (std::size_t i = 0; i < service.routes.size(); ++i) {
      const auto [owner, is_new] = prefixes_.emplace(service.routes[i].prefix, service.name);
      if (is_new) continue;
      source.report(problems_, "/routes/" + std::to_string(i) + "/prefix",
                    "prefix " + service.routes[i].prefix + " is already a route of " + owner->second);
    }
  }

  // Two servers on one port would not both start, and a probe of the one could be answered by the other.
  void check_ports(const ServiceSource& source, const Service& service) {
    if (service.source == Source::external) return;
    for (const auto& [name, port] : service.ports) {
      if (port == 0) continue;
      const auto [owner, is_new] = ports_.emplace(port, service.name + "." + name);
      if (is_new) continue;
      source.report(problems_, child_pointer("/ports", name),
                    "port " + std::to_string(port) + " is already " + owner->second + "; 0 takes a free one");
    }
  }

  void link_gateway() {
    Service* gateway = nullptr;
    for (auto& [name, service] : cluster_.services) {
      if (!service.gateway) continue;
      if (gateway != nullptr) {
        sources_.at(name).report(problems_, "/gateway", "\"" + gateway->name + "\" is the gateway already");
        return;
      }
      gateway = &service;
    }
    if (gateway == nullptr) return;
    for (const auto& [name, service] : cluster_.services) {
      if (!service.routes.empty() && name != gateway->name) derive(*gateway, name, Condition::started, false);
    }
  }

  // Peels off services that wait for nothing left (Kahn 1962). Each that remains waits for another that remains, so
  // walking on from any of them must come back to where it has been.
  void check_cycles() {
    std::map<std::string, std::vector<std::string>> waiting;  // on the key
    std::map<std::string, std::size_t> open;
    std::vector<std::string> done;
    for (const auto& [name, service] : cluster_.services) {
      open[name] = service.depends_on.size();
      for (const Dependency& dependency : service.depends_on) waiting[dependency.service].push_back(name);
      if (service.depends_on.empty()) done.push_back(name);
    }
    while (!done.empty()) {
      const std::string name = std::move(done.back());
      done.pop_back();
      open.erase(name);
      for (const std::string& next : waiting[name]) {
        if (--open.at(next) == 0) done.push_back(next);
      }
    }
    if (!open.empty()) report_cycle(open);
  }

  void report_cycle(const std::map<std::string, std::size_t>& in_cycles) {
    std::vector<std::string> path{in_cycles.begin()->first};
    std::map<std::string, std::size_t> seen;
    while (seen.emplace(path.back(), path.size() - 1).second) {
      const auto& next = cluster_.services.at(path.back()).depends_on;
      path.push_back(std::find_if(next.begin(), next.end(), [&](const Dependency& dependency) {
                       return in_cycles.contains(dependency.service);
                     })->service);
    }
    path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(seen.at(path.back())));

    std::string text;
    for (const std::string& name : path) text += (text.empty() ? "" : " -> ") + name;
    const ServiceSource& source = sources_.at(path[0]);
    const char* key = "";
    for (const char* candidate : {"calls", "depends_on"}) {
      const auto it = source.merged.find(candidate);
      if (it != source.merged.end() && it->contains(path[1])) key = candidate;
    }
    source.report(problems_, *key == '\0' ? "" : child_pointer(child_pointer("", key), path[1]),
                  "these wait for each other: " + text);
  }

  Cluster& cluster_;
  const Layers& layers_;
  const ServiceSources& sources_;
  Problems& problems_;
  std::map<std::string, std::string> prefixes_;  // to the service that has it
  std::map<std::uint16_t, std::string> ports_;   // to SERVICE.NAME
};

}  // namespace

std::string databases_job(const Cluster& cluster) { return cluster.postgres + "-databases"; }

void link_services(Cluster& cluster, const Layers& layers, const ServiceSources& sources, Problems& problems) {
  Linker(cluster, layers, sources, problems).run();
}

}  // namespace spec
