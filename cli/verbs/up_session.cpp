#include "cli/verbs/up_session.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "cli/session/failure.hpp"
#include "cli/session/wording.hpp"
#include "cli/terminal/exit_code.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/up_watch.hpp"
#include "supervisor/spec/load_options.hpp"

namespace cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds idle_wait{10'000};
constexpr milliseconds wait_beside_builds{200};  // a build that fails makes no event
constexpr milliseconds supervisor_exit_timeout{15'000};

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

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
      wanted_(options_.no_deps ? options_.services : with_required(cluster_, options_.services)),
      name_width_(widest(wanted_)),
      standing_(cluster_, wanted_) {
  if (options_.build || options_.place.sanitize.empty()) return;
  // Only those are built that are to run with a sanitizer.
  for (auto& [name, service] : cluster_.services) {
    if (!options_.place.sanitize.contains(name)) service.build.reset();
  }
}

UpSession::~UpSession() {
  stop_watch_.request();
  if (watch_.joinable()) watch_.join();
}

// Once the first build is over: two builds at a time would spoil each other.
void UpSession::begin_watch() {
  if (!options_.watch || watch_.joinable() || ending_) return;
  if (builder_ && builder_->state() == Builder::State::running) return;
  watch_ = std::thread([this] {
    const auto watched = run_watch(place_, cluster_, wanted_, stop_watch_);
    if (!watched) say_error("msctl: " + watched.error().message);
  });
}

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
  if (!status && status.error().code == base::ErrorCode::permission) return status.error();
  if (!status) {
    TRY(launched_, launch_supervisor(place_));
    if (launched_ == Launched::fresh && foreground()) role_ = Role::owner;
    TRY(status, client_.status());
  } else {
    say("supervisor already runs (pid " + std::to_string(status.value().pid) + ")");
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
  if (options_.build || !options_.place.sanitize.empty()) {
    auto start_built = [this](const std::vector<std::string>& names) { return start(names); };
    builder_ = std::make_unique<Builder>(place_, cluster_, wanted_, launched_ == Launched::fresh, start_built, say);
    cancellable_ = builder_.get();
    return base::success();
  }
  TRY(start(options_.services));
  for (const auto& name : wanted_) {
    const auto& views = replies_.back().services;
    const bool is_none =
        std::none_of(views.begin(), views.end(), [&](const auto& view) { return view.service == name; });
    if (is_none) standing_.forget(name);
  }
  take_replies();
  return base::success();
}

base::Result<void> UpSession::start(const std::vector<std::string>& services) {
  control::UpRequest request;
  request.services = services;
  request.no_deps = options_.no_deps;
  request.scale = options_.scale;
  request.launch = spec::to_json(place_.options);
  TRY(auto reply, client_.up(request));
  const std::scoped_lock lock(replies_mutex_);
  replies_.push_back(std::move(reply));
  return base::success();
}

void UpSession::take_replies() {
  const std::scoped_lock lock(replies_mutex_);
  for (const auto& reply : replies_) {
    overlay_ports(cluster_, reply.services);
    for (const auto& view : reply.services) begin(view);
  }
  replies_.clear();
}

void UpSession::begin(const control::ServiceView& view) {
  if (view.replacing) replacing_.insert(view.name);
  const auto known = standing_.entries().find(view.name);
  if (known != standing_.entries().end() && !known->second.state.empty()) return;  // its events say more
  standing_.begin(view);
  const bool is_done = view.state == "completed";  // and stays so, or it were pending
  if (is_done) standing_.set(view.name, view.state, view.reason, view.log_from);
  if (!standing_.entries().contains(view.name) || (view.state != "ready" && !is_done) || view.replacing) return;
  if (!counted_.insert(view.name).second) return;
  ++already_;
  say(padded(view.name, name_width_) + "  already " + style_.state(view.state));
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
  take_replies();
  const auto events = client_.events(seen_, wait);
  if (!events) return false;
  take_replies();  // those that came meanwhile say what these events mean
  for (const auto& event : events.value()) {
    seen_ = event.seq;
    standing_.follow(event);
    if (const auto line = event_line(event, name_width_, style_)) say(*line);
    const bool roll_failed = !announced_ && event.state == "failed" && replacing_.contains(event.service);
    if (roll_failed) {
      // The old process stays, which is told by a `ready` right behind.
      roll_failed_ = true;
      result_ = failed;
    }
    if ((announced_ || roll_failed) && !ending_ && event.state == "failed") print_failures({event.service});
  }
  return true;
}

int UpSession::judge() {
  if (ending_) return -1;
  begin_watch();
  if (builder_ && builder_->state() == Builder::State::failed) {
    if (role_ != Role::owner) return failed;
    result_ = failed;
    go_down();
    return -1;
  }
  if (roll_failed_ && (options_.detach || role_ != Role::owner)) return failed;
  const Verdict verdict = standing_.verdict();
  if (!announced_ && verdict == Verdict::all_well) return announce_ready();
  if (!announced_ && verdict == Verdict::some_failed) return announce_failure();
  if (options_.detach && elapsed_s() >= options_.wait_timeout_s) return give_up();
  if (announced_ && foreground() && !options_.watch && !standing_.any_active()) {
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
  stop_watch_.request();
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
