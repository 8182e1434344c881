#include "cli/session/place.hpp"
#include "cli/session/spawn.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/verb.hpp"
#include "supervisor/spec/port_variable.hpp"
#include "supervisor/spec/suggest.hpp"

namespace cli {
namespace {

std::vector<std::string> environment_of(const spec::Cluster& cluster) {
  std::vector<std::string> entries{"MSCTL_STATE=" + cluster.state.string()};
  for (const auto& [service, one] : cluster.services) {
    for (const auto& [port, number] : one.ports) {
      entries.push_back(spec::port_variable(service + "_" + port) + "=" + std::to_string(number));
    }
  }
  return entries;
}

int unknown(const std::string& name, const std::vector<std::string>& known) {
  std::string text = "msctl: no command `" + name + "`";
  const std::string near = spec::nearest(name, known);
  text += near.empty() ? "; see msctl help all" : "; did you mean `" + near + "`?";
  say_error(text);
  return usage;
}

}  // namespace

int run_workspace_command(const std::vector<std::string>& words, const std::vector<std::string>& known) {
  const auto place = find_place();
  if (!place) return unknown(words.front(), known);
  auto cluster = place.value().load();
  if (!cluster) return report(cluster.error());
  const auto found = cluster.value().commands.find(words.front());
  if (found == cluster.value().commands.end()) {
    auto names = known;
    for (const auto& [name, command] : cluster.value().commands) names.push_back(name);
    return unknown(words.front(), names);
  }
  if (const auto views = place.value().client().services()) overlay_ports(cluster.value(), views.value());
  std::vector<std::string> argv;
  for (const auto& argument : found->second.command) {
    auto resolved = spec::resolve(cluster.value(), "", argument);
    if (!resolved) return report(resolved.error());
    argv.push_back(std::move(resolved.value()));
  }
  argv.insert(argv.end(), words.begin() + 1, words.end());
  return report(replace_process(argv, environment_of(cluster.value()), cluster.value().root));
}

}  // namespace cli
