#include "supervisor/app/watch.hpp"

#include <algorithm>

namespace app {
namespace {

std::uint16_t port_of(const spec::Service& service, const spec::Probe& probe) {
  const auto found = service.ports.find(probe.port);
  return found == service.ports.end() ? 0 : found->second;
}

}  // namespace

std::optional<ports::Question> question_of(const spec::Service& service, const spec::Probe& probe) {
  const std::uint16_t port = port_of(service, probe);
  if (port == 0) return std::nullopt;
  return ports::Question{port, probe.kind == spec::ProbeKind::http ? probe.path : std::string(), probe.timeout};
}

std::string address_of(const spec::Service& service, const spec::Probe& probe) {
  const std::string where = "127.0.0.1:" + std::to_string(port_of(service, probe));
  return probe.kind == spec::ProbeKind::http ? "http://" + where + probe.path : "tcp://" + where;
}

Watch::Watch(const spec::Service& service, ports::Prober& prober, ports::Timers& timers, Report report)
    : service_(service),
      prober_(prober),
      timers_(timers),
      report_(std::move(report)),
      self_(std::make_shared<Watch*>(this)) {
  if (service_.live) live_ = Line{&*service_.live, core::Event::live_failed};
  if (!service_.ready) {
    at_once_ = timers_.after(std::chrono::milliseconds(0), [this] { first_ready(); });
    return;
  }
  ready_ = Line{&*service_.ready, core::Event::probe_failed};
  deadline_ = timers_.after(service_.ready->start_period, [this] {
    std::string reason = "not ready within " + std::to_string(service_.ready->start_period.count() / 1000) +
                         " s: " + address_of(service_, *service_.ready);
    if (!ready_.problem.empty()) reason += ": " + ready_.problem;
    report_(core::Event::start_timeout, std::move(reason));
  });
  ask_after(ready_, std::chrono::milliseconds(0));
}

void Watch::stop() {
  self_.reset();
  for (const auto id : {deadline_, at_once_, ready_.timer, live_.timer}) timers_.cancel(id);
}

void Watch::ask_after(Line& line, std::chrono::milliseconds pause) {
  line.timer = timers_.after(pause, [this, &line] { ask(line); });
}

void Watch::ask(Line& line) {
  const auto question = question_of(service_, *line.probe);
  if (!question) return;
  prober_.ask(*question, [weak = std::weak_ptr<Watch*>(self_), &line](const ports::Answer& answer) {
    if (const auto alive = weak.lock()) (*alive)->answered(line, answer);
  });
}

// The report can stop this watch, so it always comes last.
void Watch::answered(Line& line, const ports::Answer& answer) {
  line.problem = answer.problem;
  if (phase_ == Phase::starting) {
    if (answer.ok) return first_ready();
    ask_after(line, pause_);
    pause_ = std::min(pause_ * 3 / 2, last_start_pause);
    return;
  }
  ask_after(line, line.probe->interval);
  line.failures = answer.ok ? 0 : line.failures + 1;
  if (answer.ok && &line == &ready_) return report_(core::Event::probe_ok, "ready again");
  if (line.failures != line.probe->failures) return;
  const std::string failed =
      address_of(service_, *line.probe) + " failed " + std::to_string(line.failures) + " times: ";
  report_(line.on_failure, failed + answer.problem);
}

void Watch::first_ready() {
  phase_ = Phase::running;
  timers_.cancel(deadline_);
  if (ready_.probe != nullptr) ask_after(ready_, ready_.probe->interval);
  if (live_.probe != nullptr) ask_after(live_, live_.probe->interval);
  report_(core::Event::probe_ok, ready_.probe == nullptr ? "runs" : "answers");
}

}  // namespace app
