#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "cli/stub/contracts.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/up_plan.hpp"
#include "cli/verbs/up_session.hpp"
#include "cli/verbs/verb.hpp"
#include "supervisor/spec/mock.hpp"

namespace cli {
namespace {

// "web=3"
base::Result<void> read_scale(const std::vector<std::string>& texts, std::map<std::string, int>& scale) {
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    const std::string number = equals == std::string::npos ? "" : text.substr(equals + 1);
    int count = -1;
    const auto end = std::from_chars(number.data(), number.data() + number.size(), count);
    if (end.ec != std::errc() || end.ptr != number.data() + number.size() || count < 0 || count > 100) {
      return base::fail(base::ErrorCode::invalid,
                        "--scale: expected SERVICE=N with N from 0 to 100, got \"" + text + "\"");
    }
    scale[text.substr(0, equals)] = count;
  }
  return base::success();
}

// "web=address"
base::Result<void> read_sanitize(const std::vector<std::string>& texts, std::map<std::string, std::string>& kinds) {
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return base::fail(base::ErrorCode::invalid,
                        "--sanitize: expected SERVICE=address, undefined or thread, got \"" + text + "\"");
    }
    kinds[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return base::success();
}

// What is given as SERVICE=VALUE, several times.
struct Pairs {
  std::vector<std::string> scale;
  std::vector<std::string> sanitize;
};

// A stub without a contract would answer nothing.
base::Result<void> check_contracts(const spec::Cluster& cluster) {
  for (const auto& [name, service] : cluster.services) {
    if (!service.is_mock) continue;
    const auto contracts = stub::find_contracts(name, spec::contract_folders(cluster));
    if (contracts.interactions() > 0) continue;
    return base::fail(base::ErrorCode::not_found, "--mock " + name + ": " + stub::why_none(name, contracts));
  }
  return base::success();
}

int up(UpOptions options, const Pairs& pairs) {
  if (const auto read = read_scale(pairs.scale, options.scale); !read) return report(read.error());
  if (const auto read = read_sanitize(pairs.sanitize, options.place.sanitize); !read) return report(read.error());
  // What is scaled is asked for as well.
  for (const auto& [name, count] : options.scale) {
    auto& names = options.services;
    if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (options.watch && options.detach) {
    return report(base::fail(base::ErrorCode::invalid, "--watch stays in the foreground: leave -d away"));
  }
  const auto place = find_place(options.place);
  if (!place) return report(place.error());
  auto cluster = place.value().load();
  if (!cluster) return report(cluster.error());
  std::vector<std::string> names = options.services;
  for (const auto& [name, count] : options.scale) names.push_back(name);
  if (const auto known = check_names(cluster.value(), names); !known) return report(known.error());
  for (const auto& name : names) {
    if (service_of(name) == name) continue;
    return report(base::fail(base::ErrorCode::invalid,
                             "`" + name + "` is an instance: name its service, or use start, stop or restart"));
  }
  if (const auto there = check_contracts(cluster.value()); !there) return report(there.error());
  const auto wanted = options.no_deps ? options.services : with_required(cluster.value(), options.services);
  if (const auto given = spec::check_environment(cluster.value(), wanted); !given) return report(given.error());
  if (options.dry_run) return dry_run(options, place.value(), cluster.value());
  return UpSession(options, place.value(), std::move(cluster.value())).run();
}

}  // namespace

void add_up(Verbs& verbs) {
  auto options = std::make_shared<UpOptions>();
  auto pairs = std::make_shared<Pairs>();
  verbs.add("up", "Start the cluster, or some services and what they require")
      .operands("SERVICE", options->services, "Only these and what they require (default: all)")
      .flag("-d,--detach", options->detach, "Return and leave the services running")
      .flag("--wait", options->wait, "With -d: return once all asked-for services are ready or completed")
      .option("--wait-timeout", options->wait_timeout_s, "S", "With --wait: give up after this many seconds")
      .flag("--build", options->build, "Run each service's build command first; start each as its build ends")
      .flag("--no-deps", options->no_deps, "Only the named services, not what they require")
      .flag("--watch", options->watch, "Rebuild and restart a service when the inputs of its build change")
      .flag("--dry-run", options->dry_run, "Only say what would be started, replaced and stopped")
      .option("--scale", pairs->scale, "SERVICE=N", "How many instances; may be repeated")
      .option("--sanitize", pairs->sanitize, "SERVICE=KIND",
              "Build and run this one with a sanitizer: address, undefined or thread; may be repeated")
      .option("--mock", options->place.mocks, "SERVICE",
              "In its place run a stub of it, made from the contracts of its consumers; may be repeated")
      .flag("--no-mock", options->place.no_mocks, "Run the services themselves again that --mock had replaced")
      .option("-f,--file", options->place.files, "FILE",
              "Cluster file (default: $MSCTL_FILE, or msctl.yaml here or above); further ones are laid over it")
      .option("--profile", options->place.profiles, "NAME", "Also the services of this profile; may be repeated")
      .option("--env-file", options->place.env_files, "FILE", "NAME=value lines for ${env:…}; may be repeated")
      .option("--project", options->place.project, "NAME",
              "A copy of the cluster with ports and state of its own (every command takes it, or $MSCTL_PROJECT)")
      .footer(
          "Without -d it stays in the foreground; Ctrl-C stops everything. It ends by itself when nothing runs any "
          "more.\n"
          "Examples:\n  msctl up\n  msctl up -d --wait\n  msctl up user-service\n  msctl up --build\n  msctl up --mock "
          "user-service\n"
          "Exit codes: 0 ready, 1 a service failed, 2 usage, 3 not ready in time, 7 --dry-run would change something, "
          "130 interrupted before all were up.")
      .run([options, pairs] { return up(*options, *pairs); });
}

}  // namespace cli
