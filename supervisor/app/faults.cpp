#include "supervisor/app/faults.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace app {
namespace {

using base::ErrorCode;
using base::Result;
using control::FaultRequest;
using control::FaultView;
using control::GateRequest;
using control::GateView;

constexpr std::chrono::milliseconds look_pause{10};
// From the moment when all is moved until the old process has surely closed its own end of a listening socket; until
// then a gate beside it would take connections away from a program that waits in accept().
constexpr std::chrono::milliseconds hand_over{50};

// The flag belongs to the socket, not to one descriptor: the gate wants it, a simple program does not.
void set_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

void close_all(std::vector<MovedPort>& ports) {
  for (auto& port : ports) {
    if (port.fd >= 0) ::close(std::exchange(port.fd, -1));
  }
}

}  // namespace

struct Faults::Held {
  explicit Held(boost::asio::io_context& io, int handle) : watched(io, handle) {}
  boost::asio::posix::stream_descriptor watched;
};

Faults::Faults(boost::asio::io_context& io, Supervisor& supervisor, ports::Timers& timers, const base::Clock& clock,
               gate::IsOf is_of)
    : io_(io), supervisor_(supervisor), timers_(timers), clock_(clock), gates_(io, std::move(is_of)) {}

Faults::~Faults() {
  for (auto& [service, place] : places_) {
    timers_.cancel(place.timer);
    close_all(place.ports);
  }
  for (auto& [id, fault] : faults_) timers_.cancel(fault.timer);
}

Result<std::shared_ptr<Faults::Held>> Faults::hold(int pid, std::function<void()> gone) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) {
    return base::fail(ErrorCode::unavailable, "holder: no process " + std::to_string(pid) + " to hold it");
  }
  auto held = std::make_shared<Held>(io_, handle);
  held->watched.async_wait(boost::asio::posix::descriptor_base::wait_read,
                           [gone = std::move(gone)](boost::system::error_code error) {
                             if (!error) gone();
                           });
  return held;
}

Result<GateView> Faults::open_gate(const GateRequest& request) {
  const std::string& service = request.service;
  const auto known = places_.find(service);
  const bool has_failed = known != places_.end() && known->second.view.state == "failed";
  if (known != places_.end() && !has_failed) {
    const auto& view = known->second.view;
    const bool same = view.holder == request.holder && (view.state == "open" || view.state == "opening");
    if (same) return view;
    return base::fail(ErrorCode::conflict, service + " has a gate before it already (" + view.state + ", of process " +
                                               std::to_string(view.holder) + "); try again when it is gone");
  }
  TRY(auto holder, hold(request.holder, [this, service] { static_cast<void>(close_gate(service)); }));
  TRY(auto ports, supervisor_.move(service));
  if (has_failed) places_.erase(known);
  Place& place = places_[service];
  place.ports = std::move(ports);
  place.holder = std::move(holder);
  place.until = clock_.monotonic() + gate_timeout;
  place.view.service = service;
  place.view.state = "opening";
  place.view.holder = request.holder;
  for (const auto& port : place.ports) place.view.ports.push_back({port.name, port.front, port.back});
  open_fronts(place, false);  // where a process binds for itself, callers wait as briefly as can be
  follow(service);
  return place.view;
}

void Faults::open_fronts(Place& place, bool held) {
  for (const auto& port : place.ports) {
    if ((port.fd >= 0) != held) continue;
    gates_.open(port.front, port.back, held ? ::fcntl(port.fd, F_DUPFD_CLOEXEC, 3) : -1);
  }
}

void Faults::follow(const std::string& service) {
  Place& place = places_.at(service);
  place.timer = timers_.after(look_pause, [this, service] { step(service); });
}

void Faults::step(const std::string& service) {
  const auto found = places_.find(service);
  if (found == places_.end()) return;
  Place& place = found->second;
  place.timer = 0;
  const bool opening = place.view.state == "opening";
  // Before the gate is gone, the last connection through it has to be.
  const auto moving = supervisor_.moving(service, !opening);
  if (moving == Supervisor::Moving::under_way && clock_.monotonic() < place.until) return follow(service);
  if (!opening) return closed(service);
  if (moving != Supervisor::Moving::there) {
    return fail(service, service +
                             " did not come up at another port; a gate needs a service that takes its ports from "
                             "${port:NAME}, PORT_NAME, MSCTL_CONFIG or LISTEN_FDS (see `msctl logs " +
                             service + "`)");
  }
  place.timer = timers_.after(hand_over, [this, service] { opened(service); });
}

void Faults::opened(const std::string& service) {
  const auto found = places_.find(service);
  if (found == places_.end() || found->second.view.state != "opening") return;
  Place& place = found->second;
  place.timer = 0;
  open_fronts(place, true);
  std::vector<std::uint16_t> fronts;
  for (const auto& port : place.ports) fronts.push_back(port.front);
  const auto all = fronts.size();
  gates_.count_open(std::move(fronts), [this, service, all](std::size_t open) {
    const auto now = places_.find(service);
    if (now == places_.end() || now->second.view.state != "opening") return;
    if (open < all) return fail(service, "another program took a port of " + service + " before the gate could");
    now->second.view.state = "open";
  });
}

void Faults::fail(const std::string& service, const std::string& why) {
  Place& place = places_.at(service);
  shut(place, service);
  place.view.reason = why;
}

Result<GateView> Faults::close_gate(const std::string& service) {
  const auto found = places_.find(service);
  if (found == places_.end()) return base::fail(ErrorCode::not_found, service + " has no gate before it");
  Place& place = found->second;
  if (place.view.state == "failed") {
    auto view = std::move(place.view);
    places_.erase(found);
    view.state = "closed";
    return view;
  }
  if (place.view.state != "closing") shut(place, service);
  place.view.reason.clear();
  return place.view;
}

// Callers wait in the listening socket's queue until the service is back at it.
void Faults::shut(Place& place, const std::string& service) {
  for (auto one = faults_.begin(); one != faults_.end();) {
    const bool here = one->second.at_gate && one->second.view.service == service;
    if (here) timers_.cancel(one->second.timer);
    one = here ? faults_.erase(one) : std::next(one);
  }
  use_rules(service);
  timers_.cancel(std::exchange(place.timer, 0));
  place.view.state = "closing";
  place.until = clock_.monotonic() + gate_timeout;
  place.closing = place.ports.size();
  for (const auto& port : place.ports) {
    gates_.close(port.front, [this, service] {
      const auto found = places_.find(service);
      if (found == places_.end() || --found->second.closing > 0) return;
      for (const auto& one : found->second.ports) {
        if (one.fd >= 0) set_blocking(one.fd);
      }
      supervisor_.move_back(service, found->second.ports);
      follow(service);
    });
  }
}

// What still flows through ends with the process that it flows to.
void Faults::closed(const std::string& service) {
  Place& place = places_.at(service);
  close_all(place.ports);
  for (const auto& port : place.ports) gates_.forget(port.front);
  if (place.view.reason.empty()) {
    places_.erase(service);
    return;
  }
  // Its holder has not seen yet why it did not open.
  place.ports.clear();
  place.view.state = "failed";
}

std::vector<GateView> Faults::gates() const {
  std::vector<GateView> list;
  for (const auto& [service, place] : places_) list.push_back(place.view);
  return list;
}

Result<gate::Rule> Faults::rule_of(const FaultRequest& request) const {
  const auto mode = gate::mode_from(request.fault);
  if (!mode || *mode == gate::Mode::pass) {
    return base::fail(ErrorCode::malformed,
                      "fault: expected kill, pause, delay, throttle, pieces, corrupt, blackhole, "
                      "hang, refuse or reset, got " +
                          request.fault);
  }
  const auto needs = [&](gate::Mode of, std::int64_t value, const char* key) -> Result<void> {
    if (*mode != of || value > 0) return base::success();
    return base::fail(ErrorCode::malformed, std::string(key) + ": expected a number above 0");
  };
  TRY(needs(gate::Mode::delay, request.delay_ms, "delay_ms"));
  TRY(needs(gate::Mode::throttle, request.bytes_per_second, "bytes_per_second"));
  TRY(needs(gate::Mode::pieces, request.piece, "piece"));
  TRY(needs(gate::Mode::corrupt, request.every, "every"));
  gate::Rule rule;
  rule.mode = *mode;
  rule.from = request.from;
  rule.delay = std::chrono::milliseconds(request.delay_ms);
  rule.bytes_per_second = request.bytes_per_second;
  rule.piece = static_cast<std::size_t>(request.piece);
  rule.every = static_cast<std::size_t>(request.every);
  return rule;
}

Result<FaultView> Faults::begin(const FaultRequest& request) {
  const auto id = ++last_;
  Fault fault;
  fault.view = {id, request.fault, request.service, request.from, base::to_rfc3339(clock_.wall()), {}, request.holder};
  TRY(fault.holder, hold(request.holder, [this, id] { static_cast<void>(end(id)); }));
  if (request.fault == "kill") {
    TRY(fault.view.hit, supervisor_.shoot(request.service));
    return fault.view;
  }
  if (request.fault == "pause") {
    TRY(fault.view.hit, supervisor_.freeze(request.service));
  } else {
    TRY(fault.rule, rule_of(request));
    fault.at_gate = true;
    const auto place = places_.find(request.service);
    if (place == places_.end() || place->second.view.state != "open") {
      return base::fail(ErrorCode::conflict, request.service + " has no open gate before it");
    }
  }
  if (request.ttl_ms > 0) {
    fault.timer = timers_.after(std::chrono::milliseconds(request.ttl_ms), [this, id] { static_cast<void>(end(id)); });
  }
  const auto view = fault.view;
  faults_[id] = std::move(fault);
  use_rules(request.service);
  return view;
}

Result<FaultView> Faults::end(std::uint64_t id) {
  const auto found = faults_.find(id);
  if (found == faults_.end()) return base::fail(ErrorCode::not_found, "no fault " + std::to_string(id) + " lasts");
  const Fault fault = std::move(found->second);
  faults_.erase(found);
  timers_.cancel(fault.timer);
  if (fault.at_gate) {
    use_rules(fault.view.service);
  } else {
    supervisor_.thaw(fault.view.service);
  }
  return fault.view;
}

void Faults::use_rules(const std::string& service) {
  const auto place = places_.find(service);
  if (place == places_.end()) return;
  std::vector<gate::Rule> rules;
  for (const auto& [id, fault] : faults_) {
    if (fault.at_gate && fault.view.service == service) rules.push_back(fault.rule);
  }
  for (const auto& port : place->second.ports) gates_.use(port.front, rules);
}

std::vector<FaultView> Faults::faults() const {
  std::vector<FaultView> list;
  for (const auto& [id, fault] : faults_) list.push_back(fault.view);
  return list;
}

void Faults::end_all() {
  while (!faults_.empty()) static_cast<void>(end(faults_.begin()->first));
}

}  // namespace app
