#include "cli/verbs/up_session.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "cli/session/failure.hpp"
#include "cli/session/wording.hpp"
#include "cli/terminal/exit_code.hpp"
#include "cli/terminal/say.hpp"

namespace cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds idle_wait{10'000};
constexpr milliseconds wait_beside_builds{200};  // a build that fails makes no event
constexpr milliseconds supervisor_exit_timeout{15'000};

std::size_t widest(const std::vector<std::string>& names) {
  std::size_t width = 0;
  for (const auto& name : names) width = std::max(width, name.size());
  return width;
}

int complain(const base::Error& error) {
  say_error("msctl: " + error.message);
  return exit_code_of(error);
}

}  // namespace

UpSession::UpSession(UpOptions options, Place place, spec::Cluster cluster)
    : options_(std::move(options)),
      place_(std::move(place)),
      cluster_(std::move(cluster)),
      client_(place_.client()),
      style_(Style::for_descriptor(STDOUT_FILENO)),
      wanted_(with_required(cluster_, options_.services)),
      name_width_(widest(wanted_)),
      standing_(cluster_, wanted_) {}

int UpSession::run() {
  std::signal(SIGPIPE, SIG_IGN);  // `up | head` must not leave a cluster that nobody watches
  interrupt_ = std::make_unique<Interrupt>([this] { on_signal(); });
  if (const auto connected = connect(); !connected) return complain(connected.error());
  if (interrupt_->came()) return interrupted_early();
  if (const auto asked = ask(); !asked) {
    const int code = complain(asked.error());
    if (role_ == Role::owner) static_cast<void>(client_.down());
    return code;
  }
  return follow();
}

base::Result<void> UpSession::connect() {
  auto status = client_.status();
  if (!status) {
    TRY(launched_, launch_supervisor(place_));
    if (launched_ == Launched::fresh && foreground()) role_ = Role::owner;
    TRY(status, client_.status());
  } else {
    say("supervisor already runs (pid " + std::to_string(status.value().pid) + ")");
    const std::chrono::duration<double> age(status.value().uptime_s);
    for (const auto& file : files_younger_than(cluster_, place_, age)) {
      say(file + " has changed since it started: msctl down and msctl up apply that");
    }
  }
  supervisor_ = status.value().pid;
  return base::success();
}

// The signal came when there was nobody yet to tell.
int UpSession::interrupted_early() {
  if (launched_ == Launched::fresh) {
    go_down();
    await_process_end(supervisor_, supervisor_exit_timeout);
  }
  return interrupted;
}

base::Result<void> UpSession::ask() {
  TRY(const auto past, client_.events(0, milliseconds(0)));
  if (!past.empty()) seen_ = past.back().seq;
  TRY(const auto views, client_.services());
  TRY(check_known_to_supervisor(wanted_, views));
  overlay_ports(cluster_, views);
  for (const auto& view : views) {
    standing_.begin(view);
    if (!standing_.entries().contains(view.name) || view.state != "ready") continue;
    ++already_;
    say(view.name + std::string(name_width_ - view.name.size(), ' ') + "  already " + style_.state(view.state));
  }
  if (options_.build) {
    auto start = [this](const std::vector<std::string>& names) -> base::Result<void> {
      TRY(client_.up(names));
      return base::success();
    };
    builder_ = std::make_unique<Builder>(place_, cluster_, wanted_, start, say);
    cancellable_ = builder_.get();
    return base::success();
  }
  TRY(client_.up(options_.services));
  return base::success();
}

double UpSession::elapsed_s() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

milliseconds UpSession::next_wait() const {
  if (builder_ && builder_->state() == Builder::State::running) return wait_beside_builds;
  if (foreground()) return idle_wait;
  const auto left = milliseconds(static_cast<std::int64_t>((options_.wait_timeout_s - elapsed_s()) * 1000));
  return std::clamp(left, milliseconds(0), idle_wait);
}

int UpSession::follow() {
  if (options_.detach && !options_.wait) {
    while (builder_ && builder_->state() == Builder::State::running) {
      if (!take_events(wait_beside_builds)) return after_the_end();
    }
    if (builder_ && builder_->state() == Builder::State::failed) return failed;
    say("asked for " + std::to_string(wanted_.size()) + (wanted_.size() == 1 ? " service" : " services") +
        "; see msctl ps");
    return ok;
  }
  for (;;) {
    if (const int code = judge(); code >= 0) return code;
    if (!take_events(next_wait())) return after_the_end();
  }
}

bool UpSession::take_events(milliseconds wait) {
  const auto events = client_.events(seen_, wait);
  if (!events) return false;
  for (const auto& event : events.value()) {
    seen_ = event.seq;
    standing_.follow(event);
    if (const auto line = event_line(event, name_width_, style_)) say(*line);
    if (announced_ && !ending_ && event.state == "failed") print_failures({event.service});
  }
  return true;
}

int UpSession::judge() {
  if (ending_) return -1;
  if (builder_ && builder_->state() == Builder::State::failed) {
    if (role_ != Role::owner) return failed;
    result_ = failed;
    go_down();
    return -1;
  }
  const Verdict verdict = standing_.verdict();
  if (!announced_ && verdict == Verdict::all_well) return announce_ready();
  if (!announced_ && verdict == Verdict::some_failed) return announce_failure();
  if (options_.detach && elapsed_s() >= options_.wait_timeout_s) return give_up();
  if (announced_ && foreground() && !standing_.any_active()) {
    // Nothing is left to stay for.
    if (role_ != Role::owner) return result_;
    go_down();
  }
  return -1;
}

int UpSession::announce_ready() {
  announced_ = true;
  all_were_up_ = true;
  say(total_line(standing_.count("ready"), standing_.count("completed"), already_, elapsed_s()));
  print_try_this();
  if (options_.detach) return ok;
  say(role_ == Role::owner ? "Ctrl-C stops everything" : "Ctrl-C leaves; msctl down stops everything");
  return -1;
}

int UpSession::announce_failure() {
  announced_ = true;
  result_ = failed;
  print_failures(standing_.bad());
  if (role_ != Role::owner) return failed;
  const std::size_t running = standing_.count("ready") + standing_.count("degraded");
  if (running == 0) {
    go_down();  // nothing is left to stay for
  } else {
    say(std::to_string(running) + (running == 1 ? " service runs" : " services run") +
        " all the same; Ctrl-C stops everything");
  }
  return -1;
}

int UpSession::give_up() {
  say_error("msctl: not ready within " + std::to_string(options_.wait_timeout_s) + " s");
  print_failures(standing_.unfinished());
  return timed_out;
}

void UpSession::print_failures(const std::vector<std::string>& services) const {
  for (const auto& cause : standing_.causes_of(services)) report_failure(place_, standing_, cause);
}

void UpSession::print_try_this() const {
  if (cluster_.try_this.empty()) return;
  say("\nTry this:");
  for (const auto& line : cluster_.try_this) {
    const auto resolved = spec::resolve(cluster_, "", line);
    say("  " + (resolved ? resolved.value() : line));
  }
  say("");
}

// On the signal's thread; the main thread sees the services stop and then the supervisor go.
void UpSession::on_signal() {
  Builder* const builder = cancellable_;
  if (builder != nullptr) builder->cancel();
  if (role_ == Role::owner) {
    say("\nstopping");
    return go_down();
  }
  if (supervisor_ == 0) return;
  if (builder != nullptr) builder->await();
  say("\nleaving; the services keep running (msctl down stops them)");
  ::_exit(foreground() && all_were_up_ ? ok : interrupted);
}

void UpSession::go_down() {
  ending_ = true;
  static_cast<void>(client_.down());  // when nobody answers, there is nothing to end
}

int UpSession::after_the_end() {
  await_process_end(supervisor_, supervisor_exit_timeout);
  if (ending_) {
    say("all stopped");
    if (interrupt_->came()) return all_were_up_ ? ok : interrupted;
    return result_;
  }
  // Not our doing: somebody's `down`, or the supervisor died and its services are left alone.
  if (!standing_.any_active() || standing_.count("stopped") == standing_.entries().size()) {
    say("the cluster was taken down");
    return foreground() ? ok : failed;
  }
  say_error("msctl: the supervisor is gone; see " + place_.log("supervisor").string() + ", then run msctl up");
  return failed;
}

}  // namespace cli
