#include "cli/session/builder.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "cli/session/standing.hpp"
#include "cli/session/wording.hpp"
#include "cli/terminal/say.hpp"
#include "supervisor/logs/reader.hpp"

namespace cli {
namespace {

constexpr std::size_t shown_build_lines = 20;

}  // namespace

bool build_service(const Place& place, const spec::Cluster& cluster, const std::string& name, const Cancel& cancel,
                   const std::function<void(const std::string& line)>& say) {
  const auto log = place.log("build-" + name);
  std::vector<std::string> argv;
  for (const auto& argument : cluster.services.at(name).build->command) {
    auto resolved = spec::resolve(cluster, name, argument);
    if (!resolved) return say(name + "  build: " + resolved.error().message), false;
    argv.push_back(std::move(resolved.value()));
  }
  say(name + "  building…");
  const auto begin = std::chrono::steady_clock::now();
  const auto status = run_program(argv, place.root, log, cancel);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (status && status.value() == 0) {
    say(name + "  built in " + format_elapsed(seconds));
    return true;
  }
  if (cancel.requested()) return false;
  say_error(build_failure_block(name, status ? status.value() : 0, status ? "" : status.error().message, log.string(),
                                logs::last_lines(log, shown_build_lines), Style::for_descriptor(STDERR_FILENO)));
  return false;
}

Builder::Builder(const Place& place, const spec::Cluster& cluster, std::vector<std::string> wanted, bool step_by_step,
                 Start start, Say say)
    : place_(place),
      cluster_(cluster),
      wanted_(std::move(wanted)),
      step_by_step_(step_by_step),
      start_(std::move(start)),
      say_(std::move(say)) {
  for (const auto& name : wanted_) {
    if (cluster_.services.at(name).build) unbuilt_.insert(name);
  }
  thread_ = std::thread([this] { run(); });
}

Builder::~Builder() {
  cancel();
  thread_.join();
}

void Builder::cancel() { cancel_.request(); }

void Builder::run() {
  state_ = build_all();
  state_.notify_all();
}

Builder::State Builder::build_all() {
  if (!start_what_is_built()) return State::failed;
  for (const auto& name : wanted_) {
    if (!cluster_.services.at(name).build) continue;
    if (cancel_.requested() || !build_service(place_, cluster_, name, cancel_, say_)) return State::failed;
    unbuilt_.erase(name);
    if (!start_what_is_built()) return State::failed;
  }
  return State::done;
}

bool Builder::start_what_is_built() {
  if (!step_by_step_ && !unbuilt_.empty()) return true;
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
