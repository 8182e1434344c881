#include <unistd.h>

#include <memory>

#include "cli/terminal/say.hpp"
#include "cli/verbs/up_session.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

int up(const UpOptions& options) {
  const auto place = find_place(options.file);
  if (!place) return report(place.error());
  auto cluster = spec::load_cluster(place.value().file);
  if (!cluster) return report(cluster.error());
  if (const auto known = check_names(cluster.value(), options.services); !known) return report(known.error());
  return UpSession(options, place.value(), std::move(cluster.value())).run();
}

}  // namespace

void add_up(Verbs& verbs) {
  auto options = std::make_shared<UpOptions>();
  verbs.add("up", "Start the cluster, or some services and what they require")
      .operands("SERVICE", options->services, "Only these and what they require (default: all)")
      .flag("-d,--detach", options->detach, "Return and leave the services running")
      .flag("--wait", options->wait, "With -d: return once all asked-for services are ready or completed")
      .option("--wait-timeout", options->wait_timeout_s, "S", "With --wait: give up after this many seconds")
      .flag("--build", options->build, "Run each service's build command first; start each as its build ends")
      .option("-f,--file", options->file, "FILE", "Cluster file (default: $MSCTL_FILE, or msctl.yaml here or above)")
      .footer(
          "Without -d it stays in the foreground; Ctrl-C stops everything. It ends by itself when nothing runs any "
          "more.\n"
          "Examples:\n  msctl up\n  msctl up -d --wait\n  msctl up user-service\n  msctl up --build\n"
          "Exit codes: 0 ready, 1 a service failed, 2 usage, 3 not ready in time, 130 interrupted before all were up.")
      .run([options] { return up(*options); });
}

}  // namespace cli
