#include "cli/session/builder.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>

#include "cli/session/log_tail.hpp"
#include "cli/session/spawn.hpp"
#include "cli/session/standing.hpp"
#include "cli/session/wording.hpp"

namespace cli {

Builder::Builder(const Place& place, const spec::Cluster& cluster, std::vector<std::string> wanted, Start start,
                 Say say)
    : place_(place), cluster_(cluster), wanted_(std::move(wanted)), start_(std::move(start)), say_(std::move(say)) {
  for (const auto& name : wanted_) {
    if (cluster_.services.at(name).build) unbuilt_.insert(name);
  }
  thread_ = std::thread([this] { run(); });
}

Builder::~Builder() {
  cancel();
  thread_.join();
}

void Builder::cancel() {
  cancelled_ = true;
  const pid_t group = build_group_;
  if (group > 0) ::kill(-group, SIGTERM);
}

void Builder::run() {
  if (!start_what_is_built()) return state_.store(State::failed);
  for (const auto& name : wanted_) {
    if (!cluster_.services.at(name).build) continue;
    if (cancelled_ || !build(name)) return state_.store(State::failed);
    unbuilt_.erase(name);
    if (!start_what_is_built()) return state_.store(State::failed);
  }
  state_ = State::done;
}

bool Builder::build(const std::string& name) {
  const auto log = place_.log("build-" + name);
  std::vector<std::string> argv;
  for (const auto& argument : cluster_.services.at(name).build->command) {
    auto resolved = spec::resolve(cluster_, name, argument);
    if (!resolved) return say_(name + "  build: " + resolved.error().message), false;
    argv.push_back(std::move(resolved.value()));
  }
  say_(name + "  building…");
  const auto begin = std::chrono::steady_clock::now();
  const auto status = run_program(argv, place_.root, log, build_group_);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (status && status.value() == 0) {
    say_(name + "  built in " + format_elapsed(seconds));
    return true;
  }
  if (cancelled_) return false;
  std::string text = "\n" + name + ": build failed\n  log    " + log.string() + "\n";
  if (!status) text += "  cause  " + status.error().message + "\n";
  for (const auto& line : last_lines(log, 20)) text += "         | " + printable(line) + "\n";
  say_(text);
  return false;
}

bool Builder::start_what_is_built() {
  std::vector<std::string> startable;
  for (const auto& name : wanted_) {
    if (started_.contains(name)) continue;
    const auto required = with_required(cluster_, {name});
    const auto is_unbuilt = [this](const std::string& one) { return unbuilt_.contains(one); };
    if (std::none_of(required.begin(), required.end(), is_unbuilt)) startable.push_back(name);
  }
  if (startable.empty()) return true;
  started_.insert(startable.begin(), startable.end());
  const auto asked = start_(startable);
  if (!asked) say_("cannot start: " + asked.error().message);
  return asked.has_value();
}

}  // namespace cli
