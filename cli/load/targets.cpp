#include "cli/load/targets.hpp"

#include <algorithm>
#include <set>

#include "cli/load/plan.hpp"
#include "supervisor/spec/suggest.hpp"

namespace load {
namespace {

using base::ErrorCode;

base::Error unknown_service(const std::string& name, const std::vector<control::ServiceView>& services) {
  std::set<std::string> known;
  for (const auto& one : services) known.insert(one.service);
  const std::string near = spec::nearest(name, {known.begin(), known.end()});
  std::string list;
  for (const auto& one : known) list += (list.empty() ? "" : ", ") + one;
  return base::fail(ErrorCode::not_found,
                    "there is no service \"" + name + "\" in the cluster" +
                        (near.empty() ? "; there are: " + list : "; did you mean \"" + near + "\"?"));
}

base::Error unknown_port(const std::string& service, const std::string& port, const std::set<std::string>& known) {
  std::string list;
  for (const auto& one : known) list += (list.empty() ? "" : ", ") + one;
  return base::fail(
      ErrorCode::not_found,
      service + " has no port \"" + port + "\"" +
          (list.empty() ? "" : "; it has " + list + ": write " + service + "." + *known.begin() + ":/PATH"));
}

}  // namespace

base::Result<void> resolve_targets(base::Json& document, const std::vector<control::ServiceView>& services) {
  base::Json resolved = base::Json::object();
  for (const auto& key : services_of(document)) {
    const std::size_t dot = key.find('.');
    const std::string service = key.substr(0, dot);
    const std::string port = key.substr(dot + 1);
    std::set<std::uint16_t> ports;
    std::set<std::string> known;
    bool there = false;
    bool up = false;
    for (const auto& one : services) {
      if (one.service != service) continue;
      there = true;
      for (const auto& [name, number] : one.ports) known.insert(name);
      const bool runs = one.pid.has_value() || one.ready;
      up = up || runs;
      if (const auto found = one.ports.find(port); found != one.ports.end() && runs) ports.insert(found->second);
    }
    if (!there) return unknown_service(service, services);
    if (!known.contains(port)) return unknown_port(service, port, known);
    if (!up || ports.empty()) {
      return base::fail(ErrorCode::unavailable, service + " does not run; start it with: msctl up " + service);
    }
    resolved[key] = {{"ports", ports}};
  }
  if (!resolved.empty()) document["resolved"] = std::move(resolved);
  return base::success();
}

}  // namespace load
