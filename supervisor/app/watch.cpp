#include "supervisor/app/watch.hpp"

#include <algorithm>
#include <charconv>

namespace app {
namespace {

using core::Event;
using spec::ProbeKind;
using std::chrono::milliseconds;

constexpr milliseconds max_extension{std::chrono::hours(24)};  // by one message

std::string shown(milliseconds time) {
  if (time.count() % 1000 != 0) return std::to_string(time.count()) + " ms";
  return std::to_string(time.count() / 1000) + " s";
}

milliseconds between(base::Monotonic from, base::Monotonic to) {
  return std::chrono::duration_cast<milliseconds>(to - from);
}

std::string word_for(ProbeKind kind) {
  if (kind == ProbeKind::exec) return "its probe command succeeds";
  if (kind == ProbeKind::log) return "wrote the line that was waited for";
  return "answers";
}

bool says(const ports::Assignments& said, const char* key, std::string_view value) {
  const auto found = said.find(key);
  return found != said.end() && found->second == value;
}

}  // namespace

Watch::Watch(const spec::Service& service, ports::Prober& prober, ports::Timers& timers, const base::Clock& clock,
             Report report, const ProbeContext& context)
    : service_(service),
      prober_(prober),
      timers_(timers),
      clock_(clock),
      report_(std::move(report)),
      only_its_word_(context.only_its_word),
      self_(std::make_shared<Watch*>(this)) {
  if (service.source != spec::Source::external) {
    prepare(boot_, service.boot, context);
    prepare(live_, service.live, context);
  }
  prepare(ready_, ready_probe_of(service), context);
  live_.good = true;
  begin();
}

void Watch::prepare(Line& line, const std::optional<spec::Probe>& probe, const ProbeContext& context) {
  line.probe = probe;
  if (!probe) return;
  auto question = question_of(service_, *probe, context);
  if (!question) {
    line.unaskable = question.error().message;
    line.what = line.name;
    return;
  }
  line.question = std::move(question.value());
  line.what = line.name + (" " + address_of(line.question));
}

void Watch::begin() {
  begun_ = clock_.monotonic();
  if (booted_) {
    open(ready_, milliseconds(0));
    if (live_.probe) open(live_, live_.probe->interval);
    return;
  }
  Line& first = first_line();
  if (!first.probe) {
    at_once_ = timers_.after(milliseconds(0), [this] { boot_done("runs"); });
    return;
  }
  if (service_.source != spec::Source::external) arm_deadline(first.probe->start_period);
  open(first, milliseconds(0));
}

void Watch::halt() {
  for (Line* line : {&boot_, &ready_, &live_}) close(*line);
  for (ports::TimerId* timer : {&deadline_, &at_once_}) timers_.cancel(std::exchange(*timer, 0));
}

void Watch::stop() {
  self_.reset();
  halt();
}

void Watch::pause() {
  paused_ = true;
  halt();
}

void Watch::resume() {
  if (!paused_ || !self_) return;
  paused_ = false;
  for (Line* line : {&boot_, &ready_, &live_}) {
    line->good_in_row = line->bad_in_row = 0;
    line->pause = first_start_pause;
  }
  begin();
}

// --- asking ---

void Watch::open(Line& line, milliseconds pause) {
  if (paused_ || !line.probe) return;
  if (only_its_word_ && !booted_) return;
  if (line.probe->kind != ProbeKind::notify) {
    line.next = timers_.after(pause, [this, &line] { ask(line); });
  } else if (&line == &live_) {
    line.next = timers_.after(line.probe->timeout,
                              [this] { dead("no sign of life (WATCHDOG=1) for " + shown(live_.probe->timeout)); });
  }
}

void Watch::close(Line& line) {
  line.open = 0;
  for (ports::TimerId* timer : {&line.next, &line.limit}) timers_.cancel(std::exchange(*timer, 0));
}

void Watch::ask(Line& line) {
  const auto number = ++questions_;
  line.open = number;
  line.asked_at = clock_.monotonic();
  if (!line.unaskable.empty()) return answered(line, ports::Answer{false, 0, {}, line.unaskable});
  line.limit = timers_.after(line.probe->timeout + answer_slack, [this, &line] {
    answered(line, ports::Answer{false, 0, {}, "no answer within " + shown(line.probe->timeout)});
  });
  prober_.ask(line.question, [weak = std::weak_ptr<Watch*>(self_), &line, number](ports::Answer answer) {
    const auto alive = weak.lock();
    if (alive && line.open == number) (*alive)->answered(line, std::move(answer));
  });
}

// Reports can stop this watch, so here and below they always come last.
void Watch::answered(Line& line, ports::Answer answer) {
  close(line);
  const auto took = between(line.asked_at, clock_.monotonic());
  if (answer.ok && took > line.probe->timeout) {
    answer = ports::Answer{
        false, 0, {}, "answered only after " + shown(took) + ", its limit is " + shown(line.probe->timeout)};
  }
  const bool was_ready = ready();
  line.problem = answer.problem;
  if (!answer.ok) note(line.what, answer.problem);
  if (answer.ok && line.good_in_row == 0) {
    note(line.what, answer.status > 0 ? "HTTP status " + std::to_string(answer.status) : "good");
  }
  line.good_in_row = answer.ok ? line.good_in_row + 1 : 0;
  line.bad_in_row = answer.ok ? 0 : line.bad_in_row + 1;
  if (line.good_in_row >= line.probe->successes) line.good = line.was_good = true;
  pace(line);
  judge(line, was_ready);
}

void Watch::pace(Line& line) {
  if (line.was_good && line.probe->kind == ProbeKind::log) return;  // what was written stays written
  milliseconds pause = line.probe->interval;
  if (!line.was_good && &line != &live_) {
    const milliseconds last = deadline_ != 0 ? std::min(last_start_pause, pause) : pause;
    pause = std::exchange(line.pause, std::min(line.pause * 3 / 2, last));
  }
  open(line, pause);
}

// --- what follows ---

void Watch::judge(Line& line, bool was_ready) {
  if (!booted_) {
    if (line.good) boot_done(word_for(line.probe->kind));
    return;
  }
  if (line.good && line.bad_in_row >= line.probe->failures) {
    if (&line == &live_) return dead(line.problem);
    line.good = false;
  }
  if (ready() == was_ready) return;
  if (!was_ready) return report_(Event::probe_ok, word_for(line.probe->kind));
  report_(Event::probe_failed,
          address_of(line.question) + " failed " + std::to_string(line.bad_in_row) + " times: " + line.problem);
}

void Watch::boot_done(const std::string& how) {
  booted_ = true;
  timers_.cancel(std::exchange(deadline_, 0));
  close(boot_);
  close(ready_);
  if (!ready_.probe) ready_.good = true;
  if (ready_.probe && !(ready_.was_good && ready_.probe->kind == ProbeKind::log)) {
    open(ready_, ready_.was_good ? ready_.probe->interval : milliseconds(0));
  }
  if (live_.probe) open(live_, live_.probe->interval);
  if (ready()) return report_(Event::probe_ok, how);
  report_(Event::boot_ok, how + ", not ready yet");
}

void Watch::dead(const std::string& problem) {
  close(live_);
  live_.good = false;
  live_.problem = problem;
  if (live_.probe->kind == ProbeKind::notify) {
    note(live_.what, problem);
    return report_(Event::live_failed, problem);
  }
  report_(Event::live_failed,
          address_of(live_.question) + " failed " + std::to_string(live_.bad_in_row) + " times: " + problem);
}

void Watch::arm_deadline(milliseconds period) {
  timers_.cancel(deadline_);
  deadline_at_ = clock_.monotonic() + period;
  deadline_ = timers_.after(period, [this] { too_late(); });
}

void Watch::too_late() {
  deadline_ = 0;
  const Line& line = first_line();
  std::string reason = &line == &boot_ ? "not booted within " : "not ready within ";
  reason += shown(between(begun_, clock_.monotonic())) + ": ";
  reason += line.unaskable.empty() ? address_of(line.question) : line.what;
  if (!line.problem.empty()) reason += ": " + line.problem;
  if (line.probe->kind == ProbeKind::notify || only_its_word_) reason += ": it did not say READY=1";
  report_(Event::start_timeout, std::move(reason));
}

// --- the process's own words

void Watch::notified(const ports::Assignments& said) {
  if (const auto status = said.find("STATUS"); status != said.end()) status_ = status->second;
  if (const auto more = said.find("EXTEND_TIMEOUT_USEC"); more != said.end()) extend(more->second);
  if (const auto word = said.find("WATCHDOG"); word != said.end()) sign_of_life(word->second);
  if (!self_) return;
  if (says(said, "STOPPING", "1")) return said_not_ready("STOPPING=1");
  if (says(said, "X_MSCTL_READY", "0")) return said_not_ready("X_MSCTL_READY=0");
  if (says(said, "READY", "1") || says(said, "X_MSCTL_READY", "1")) said_ready();
}

void Watch::extend(const std::string& usec) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(usec.data(), usec.data() + usec.size(), value);
  if (error != std::errc() || end != usec.data() + usec.size() || deadline_ == 0) return;
  const milliseconds limit = std::min(max_extension, milliseconds(std::min<std::uint64_t>(value / 1000, 1U << 31)));
  if (clock_.monotonic() + limit > deadline_at_) arm_deadline(limit);
}

void Watch::sign_of_life(const std::string& word) {
  const bool fed = live_.probe && live_.probe->kind == ProbeKind::notify && live_.next != 0;
  if (word == "1" && fed) {
    close(live_);
    open(live_, milliseconds(0));
  }
  if (word == "trigger" && fed) dead("it gave itself up (WATCHDOG=trigger)");
}

void Watch::said_ready() {
  speaks_ = true;
  const bool was_ready = ready();
  if (!was_ready) note("ready notify", "READY=1");
  withdrawn_ = false;
  if (was_ready) return;
  ready_.good = ready_.was_good = true;
  ready_.good_in_row = ready_.bad_in_row = 0;
  if (!booted_) return boot_done("says it is ready");
  close(ready_);
  if (ready_.probe) open(ready_, ready_.probe->interval);
  report_(Event::probe_ok, "says it is ready");
}

void Watch::said_not_ready(const std::string& word) {
  const bool was_ready = ready();
  if (!withdrawn_) note("ready notify", word);
  withdrawn_ = true;
  if (was_ready) report_(Event::probe_failed, "says it is not ready (" + word + ")");
}

Truth Watch::ready_truth() const {
  if (ready()) return {true, status_.empty() ? "ok" : status_};
  if (withdrawn_) return {false, status_.empty() ? "says it is not ready" : status_};
  const Line& line = booted_ || !boot_.probe ? ready_ : boot_;
  if (!line.problem.empty()) return {false, line.problem};
  return {false, booted_ ? "not ready yet" : "boots"};
}

Truth Watch::live_truth() const {
  if (live_.good) return {true, live_.probe ? "ok" : "no probe"};
  return {false, live_.problem};
}

}  // namespace app
