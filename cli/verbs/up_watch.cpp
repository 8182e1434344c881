#include "cli/verbs/up_watch.hpp"

#include <algorithm>

#include "base/joined.hpp"
#include "cli/session/builder.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/selection.hpp"

namespace cli {
namespace {

// In the order of `wanted`.
std::vector<std::string> ordered(const std::vector<std::string>& wanted, const std::vector<std::string>& changed) {
  std::vector<std::string> names;
  for (const auto& name : wanted) {
    if (std::find(changed.begin(), changed.end(), name) != changed.end()) names.push_back(name);
  }
  return names;
}

std::string below_root(const Place& place, const std::string& file) {
  const std::string root = place.root.string() + "/";
  return file.starts_with(root) ? file.substr(root.size()) : file;
}

}  // namespace

RestartService restart_by(const control::Client& client) {
  return [client](const std::string& service) -> base::Result<void> {
    TRY(const auto views, client.services());
    const bool stopped = std::none_of(views.begin(), views.end(), [&](const auto& view) {
      return is_meant({service}, view.name) && view.state != "stopped" && view.state != "stopping";
    });
    if (stopped) return say(service + "  stays stopped"), base::success();
    TRY(client.service(service, "restart"));
    return base::success();
  };
}

base::Result<void> run_watch(const Place& place, const spec::Cluster& cluster, const std::vector<std::string>& wanted,
                             watch::Watcher& watcher, const RestartService& restart, const Cancel& stop) {
  while (!stop.requested()) {
    TRY(const auto changed, watcher.wait_changed(stop.descriptor()));
    if (changed.empty()) break;
    const auto names = ordered(wanted, changed);
    say(below_root(place, watcher.cause()) + " changed: " + base::joined(names));
    for (const auto& name : names) {
      if (!build_service(place, cluster, name, stop, say)) continue;
      if (stop.requested()) break;
      if (const auto asked = restart(name); !asked)
        say_error("msctl: cannot restart " + name + ": " + asked.error().message);
    }
  }
  return base::success();
}

base::Result<void> run_watch(const Place& place, const spec::Cluster& cluster, const std::vector<std::string>& wanted,
                             const Cancel& stop) {
  TRY(const auto watcher, watch::Watcher::open(cluster, wanted));
  if (watcher->services().empty())
    return say("none of the services has a build; there is nothing to watch"), base::success();
  say("watching the inputs of " + base::joined(watcher->services()));
  return run_watch(place, cluster, wanted, *watcher, restart_by(place.client()), stop);
}

}  // namespace cli
