#include "cli/drill/drill.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/clock.hpp"

namespace drill {
namespace {

using base::ErrorCode;
using base::Result;
using Clock = std::chrono::steady_clock;

constexpr Ms look_pause{10};
constexpr Ms supervisor_check{100};
constexpr Ms gate_patience{60'000};
constexpr Ms ready_patience{10'000};  // for a cluster that has just been started, or was hit by another drill

base::Error interrupted() { return base::fail(ErrorCode::cancelled, "interrupted"); }

bool is_well(const std::string& state) { return state == "ready" || state == "completed" || state == "stopped"; }

}  // namespace

std::size_t Report::not_back() const {
  return static_cast<std::size_t>(
      std::count_if(phases.begin(), phases.end(), [](const Phase& phase) { return !phase.back_ms; }));
}

Result<base::http::Target> door_of(const spec::Cluster& cluster) {
  base::http::Target door;
  for (const auto& [name, service] : cluster.services) {
    if (!service.gateway || !service.ports.contains("http")) continue;
    door.port = service.ports.at("http");
    return door;
  }
  return base::fail(
      ErrorCode::invalid,
      "the drill's own load goes through a service with `gateway: true` and a port `http`, and the cluster "
      "has none");
}

Drill::Drill(Options options, const spec::Cluster& cluster, control::Client client, MakeLoad make_load,
             std::function<void(std::string)> say)
    : options_(std::move(options)),
      cluster_(cluster),
      client_(std::move(client)),
      make_load_(std::move(make_load)),
      say_(std::move(say)) {}

Result<void> Drill::pause(Ms time) const {
  const auto until = Clock::now() + time;
  while (Clock::now() < until) {
    if (stopped_) return interrupted();
    std::this_thread::sleep_for(std::min<Clock::duration>(look_pause, until - Clock::now()));
  }
  return base::success();
}

std::vector<std::string> Drill::not_ready() const {
  const auto services = client_.services();
  if (!services) return {"the supervisor does not answer: " + services.error().message};
  std::vector<std::string> list;
  for (const auto& one : services.value()) {
    if (!is_well(one.state) || one.replacing) list.push_back(one.name + " is " + one.state + " (" + one.reason + ")");
  }
  return list;
}

Result<void> Drill::check_well() const {
  TRY(client_.services());
  const auto until = Clock::now() + ready_patience;
  for (;;) {
    const auto bad = not_ready();
    if (bad.empty()) return base::success();
    if (Clock::now() >= until) {
      return base::fail(ErrorCode::conflict,
                        "a drill needs a cluster that is well, and " + bad.front() + "; see `msctl health`");
    }
    TRY(pause(look_pause));
  }
}

// A fault that hits nobody proves nothing, and one that is refused half-way leaves a drill without a verdict.
Result<void> Drill::check_targets() const {
  TRY(const auto services, client_.services());
  const auto check = [&](const std::string& name) -> Result<void> {
    const control::ServiceView* last = nullptr;
    for (const auto& one : services) {
      const bool meant = one.name == name || one.service == name || one.name + ".1" == name;
      if (meant && one.pid) return base::success();
      if (meant) last = &one;
    }
    if (last == nullptr) {
      return base::fail(ErrorCode::not_found, "no instance `" + name + "` in the running cluster; see `msctl ps`");
    }
    return base::fail(ErrorCode::conflict, name + " is " + last->state +
                                               ", so the fault would hit nobody; start it with `msctl start " +
                                               last->service + "`");
  };
  for (const auto& fault : options_.faults) {
    for (const auto& request : fault.requests) {
      TRY(check(request.service));
      if (!request.from.empty()) {
        TRY(check(request.from));
      }
    }
  }
  return base::success();
}

Result<void> Drill::open_gates() {
  std::set<std::string> wanted;
  for (const auto& fault : options_.faults) wanted.insert(fault.gates.begin(), fault.gates.end());
  for (const auto& service : wanted) {
    say_("a gate before " + service);
    TRY(client_.open_gate({service, ::getpid()}));
    gates_.push_back(service);  // only now: one that is refused is another holder's
  }
  const auto until = Clock::now() + gate_patience;
  while (!wanted.empty()) {
    TRY(const auto gates, client_.gates());
    for (const auto& service : wanted) {
      const bool is_there =
          std::any_of(gates.begin(), gates.end(), [&](const auto& gate) { return gate.service == service; });
      if (!is_there)
        return base::fail(ErrorCode::conflict, "the gate before " + service + " was closed by somebody else");
    }
    for (const auto& gate : gates) {
      if (gate.state == "open") wanted.erase(gate.service);
      if (wanted.contains(gate.service) && gate.state != "opening") {
        return base::fail(ErrorCode::conflict,
                          gate.reason.empty() ? "the gate before " + gate.service + " did not open" : gate.reason);
      }
    }
    if (Clock::now() >= until) return base::fail(ErrorCode::timeout, "no gate before " + *wanted.begin() + " in time");
    TRY(pause(look_pause));
  }
  return base::success();
}

// Also after an interrupt: the supervisor would do the same once this process is gone, but then nobody would wait.
void Drill::close_gates() {
  for (const auto id : std::exchange(lasting_, {})) static_cast<void>(client_.end_fault(id));
  if (gates_.empty()) return;
  for (const auto& service : std::exchange(gates_, {})) static_cast<void>(client_.close_gate(service));
  const auto until = Clock::now() + gate_patience;
  while (Clock::now() < until) {
    const auto left = client_.gates();
    const bool ours = left && std::any_of(left.value().begin(), left.value().end(),
                                          [](const auto& gate) { return gate.holder == ::getpid(); });
    if (!left || !ours) return;
    std::this_thread::sleep_for(look_pause);
  }
}

// Every service and every request is fine before the first fault, or the drill would blame the fault.
Result<void> Drill::warm_up(Load& load) {
  const auto began = load.now_us();
  const auto until = Clock::now() + ready_patience + options_.before;
  TRY(pause(options_.before));
  for (;;) {
    if (!load.problem().empty()) return base::fail(ErrorCode::unavailable, load.problem());
    const auto attempts = load.attempts(began);
    const auto run_us = std::chrono::microseconds(options_.run).count();
    if (back_after_us(attempts, began, run_us) && not_ready().empty()) return base::success();
    if (Clock::now() >= until) {
      std::string why;
      for (const auto& one : attempts) {
        if (one.outcome == Outcome::refused) why = one.problem;
      }
      return base::fail(ErrorCode::conflict, "requests fail before any fault" +
                                                 (why.empty() ? std::string() : ", the last one with: " + why) +
                                                 "; see `msctl health`, or try a lower --rate");
    }
    TRY(pause(look_pause));
  }
}

// While it lasts, the supervisor must be there: without it there is no fault any more.
Result<void> Drill::last() const {
  const auto until = Clock::now() + options_.lasting;
  while (Clock::now() < until) {
    const auto there = client_.faults();
    if (!there) {
      return base::fail(ErrorCode::unavailable, "the supervisor is gone, and its faults with it (" +
                                                    there.error().message + "); start the cluster with `msctl up`");
    }
    TRY(pause(std::min<Ms>(supervisor_check, std::chrono::ceil<Ms>(until - Clock::now()))));
  }
  return base::success();
}

Result<Phase> Drill::strike(const Fault& fault, Load& load) {
  const EventWatch watch(client_, [&load] { return load.now_us(); });
  Phase phase;
  phase.fault = fault.text;
  say_(fault.text);
  phase.began_us = load.now_us();
  for (auto request : fault.requests) {
    request.holder = ::getpid();
    TRY(const auto begun, client_.begin_fault(request));
    if (fault.lasts) lasting_.push_back(begun.id);
    for (const auto& [instance, pid] : begun.hit) {
      phase.timeline.push_back({0, fault.text + ": " + instance + ", pid " + std::to_string(pid)});
    }
  }
  if (phase.timeline.empty()) phase.timeline.push_back({0, fault.text});
  if (fault.lasts) {
    TRY(last());
    for (const auto id : std::exchange(lasting_, {})) {
      // A fault whose process was replaced meanwhile is over already.
      static_cast<void>(client_.end_fault(id));
    }
  }
  phase.ended_us = fault.lasts ? load.now_us() : phase.began_us;
  if (fault.lasts) phase.timeline.push_back({(phase.ended_us - phase.began_us) / 1000, "the fault is over"});
  await_recovery(load, phase, watch);
  if (stopped_) return interrupted();
  if (!phase.back_ms && !load.problem().empty()) return base::fail(ErrorCode::unavailable, load.problem());
  for (const auto& one : watch.since(phase.began_us)) {
    phase.timeline.push_back(
        {(one.at_us - phase.began_us) / 1000, one.event.service + " " + one.event.state + ": " + one.event.reason});
  }
  if (phase.back_ms) {
    phase.timeline.push_back({(phase.ended_us - phase.began_us) / 1000 + *phase.back_ms, "back"});
  }
  std::stable_sort(phase.timeline.begin(), phase.timeline.end(),
                   [](const Moment& a, const Moment& b) { return a.at_ms < b.at_ms; });
  return phase;
}

void Drill::await_recovery(Load& load, Phase& phase, const EventWatch& watch) const {
  const auto until = Clock::now() + options_.recovery;
  const auto run_us = std::chrono::microseconds(options_.run).count();
  std::vector<std::string> bad;
  while (!stopped_) {
    bad = not_ready();
    const auto served = back_after_us(load.attempts(phase.ended_us), phase.ended_us, run_us);
    if (served && bad.empty()) {
      auto back_us = *served;
      for (const auto& one : watch.since(phase.ended_us)) {
        if (one.event.state == "ready") back_us = std::max(back_us, one.at_us - phase.ended_us);
      }
      phase.back_ms = (back_us + 999) / 1000;
      break;
    }
    if (Clock::now() >= until || !load.problem().empty()) break;
    std::this_thread::sleep_for(look_pause);
  }
  phase.over_us = load.now_us();
}

Result<void> Drill::judge_all(Load& load, Report& report) {
  report.attempts = load.attempts();
  std::int64_t since_us = 0;
  for (auto& phase : report.phases) {
    const Span span{since_us, phase.began_us, phase.over_us};
    phase.before = share_before(report.attempts, span);
    phase.during = share_during(report.attempts, span);
    since_us = phase.over_us;
  }
  say_("reading back what was acknowledged");
  auto looked = load.look(report.started, options_.rest, [this] { return stopped_.load(); });
  if (stopped_) return interrupted();
  const auto bad = not_ready();
  const auto count_unchecked = [&](bool all) {
    return static_cast<std::size_t>(std::count_if(
        report.attempts.begin(), report.attempts.end(),
        [all](const Attempt& one) { return one.outcome == Outcome::acknowledged && (all || !one.is_checked); }));
  };
  report.unchecked = count_unchecked(!looked);
  if (!looked) {
    if (report.not_back() == 0) return looked.error();
    // It is the system that stays away: that much was learned.
    const auto last = static_cast<int>(report.phases.size());
    for (const auto& one : bad) report.verdict.findings.push_back({Harm::stuck, last, one + ", and not ready again"});
    report.verdict.findings.push_back({Harm::stuck, last, looked.error().message});
    return base::success();
  }
  Evidence& evidence = looked.value();
  for (const auto& one : bad) evidence.stuck.push_back(one + ", and not ready again");
  report.with_events = evidence.with_events;
  report.verdict = judge(report.attempts, evidence);
  return base::success();
}

Result<Report> Drill::run() {
  struct Undo {
    Drill& drill;
    ~Undo() { drill.close_gates(); }
  };
  const Undo undo{*this};
  const base::SystemClock clock;
  Report report;
  report.cluster = cluster_.name;
  TRY(check_well());
  TRY(check_targets());
  TRY(open_gates());
  report.started = base::to_rfc3339(clock.wall());
  TRY(const auto made, make_load_());
  Load& load = *made;
  TRY(load.prepare());
  report.load = load.text();
  say_("load: " + report.load);
  load.enter(1);
  load.start();
  TRY(warm_up(load));
  int number = 0;
  for (const auto& fault : options_.faults) {
    if (report.not_back() > 0) {
      report.not_done.push_back(fault.text);
      continue;
    }
    load.enter(++number);  // what is sent just before a fault is hit by it as well
    if (number > 1) {
      TRY(pause(options_.before));
    }
    TRY(auto phase, strike(fault, load));
    report.phases.push_back(std::move(phase));
  }
  load.stop();
  close_gates();
  TRY(judge_all(load, report));
  return report;
}

}  // namespace drill
