#include "cli/libexec/load/worker.hpp"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace load {
namespace {

constexpr std::uint64_t ms_ns = 1'000'000;
constexpr std::uint64_t longest_wait_ns = 20 * ms_ns;  // so that a stop is seen soon
// How much earlier than a send is due a sleep ends, so that the rest can be spun: as long as waking up takes here,
// which idle states and virtual machines decide.
constexpr double first_spin_ns = 60'000;
constexpr double least_spin_ns = 5'000;
constexpr double most_spin_ns = 100'000;
constexpr std::uint64_t stop_grace_ns = 1000 * ms_ns;
constexpr std::size_t buffer_bytes = 128 * 1024;
constexpr std::size_t most_flows = 65'536;
constexpr int most_events = 128;

double starved_s() {
  std::FILE* file = std::fopen("/proc/thread-self/schedstat", "re");
  if (file == nullptr) return 0;
  unsigned long long ran = 0;
  unsigned long long waited = 0;
  const int read = std::fscanf(file, "%llu %llu", &ran, &waited);
  std::fclose(file);
  return read == 2 ? static_cast<double>(waited) / 1e9 : 0;
}

// A short slice gives a thread that sleeps a lot an early deadline when it wakes among busy ones (EEVDF, Linux 6.12).
// Nothing is lost where the kernel does not know it.
void want_short_slices() {
  if (::sched_getscheduler(0) != SCHED_OTHER) return;  // whoever chose another class wants that one
  struct {
    std::uint32_t size = 48;
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = ::getpriority(PRIO_PROCESS, 0);  // as it is
    std::uint32_t priority = 0;
    std::uint64_t runtime = 100'000;  // ns
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
  } attributes;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0U);
}

double cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Worker::Worker(Shared& shared, Job job, unsigned number, unsigned threads)
    : shared_(shared),
      plan_(shared.plan),
      job_(job),
      filler_(plan_.data, plan_.run, number, threads, plan_.seed),
      limit_(plan_.connections / threads + (number < plan_.connections % threads ? 1 : 0)),
      origins_(shared.places.origins()),
      spin_ns_(first_spin_ns),
      buffer_(buffer_bytes),
      counts_(plan_.step_count()) {
  if (job_ == Job::setup) {
    limit_ = 1;
    setup_ = {"setup", 1, plan_.setup};
    scenarios_.push_back(&setup_);
    weights_.push_back(1);
  } else {
    double sum = 0;
    for (const auto& scenario : plan_.scenarios) {
      scenarios_.push_back(&scenario);
      weights_.push_back(sum += scenario.weight);
    }
    if (plan_.open) arrivals_.emplace(plan_.stages, number, threads, plan_.poisson, plan_.seed);
  }
  for (const Scenario* scenario : scenarios_) {
    for (const auto& step : scenario->steps) longest_timeout_ns_ = std::max(longest_timeout_ns_, step.timeout_ns);
  }
  idle_.resize(origins_.size());
  turns_.resize(origins_.size(), number);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
}

Worker::~Worker() {
  for (auto& connection : connections_) {
    if (connection.fd >= 0) ::close(connection.fd);
  }
  if (epoll_ >= 0) ::close(epoll_);
}

void Worker::run() {
  if (epoll_ < 0) return void(broken_ = std::string("epoll: ") + std::strerror(errno));
  prepare();
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  if (plan_.open) want_short_slices();
  const double cpu_before = cpu_s();
  const double starved_before = starved_s();
  while (now_ns() < shared_.begin_ns) {
    const timespec pause{0, 100'000};
    ::nanosleep(&pause, nullptr);
  }
  began_ns_ = shared_.begin_ns == 0 ? now_ns() : shared_.begin_ns;
  end_ns_ = began_ns_ + plan_.duration_ns;
  warm_ns_ = job_ == Job::setup ? 0 : began_ns_ + plan_.warmup_ns;
  slice_end_ns_ = began_ns_ + Shared::beat_ns;
  if (arrivals_) {
    due_ = arrivals_->next();
    if (due_) *due_ += began_ns_;
  } else {
    for (std::size_t i = 0; i < limit_; ++i) fresh_.push_back(new_flow());
    if (job_ == Job::setup) end_ns_ = ~std::uint64_t{0};
  }
  std::uint64_t now = now_ns();
  while (going_on(now)) {
    dispatch(now);
    wait(now);
    now = now_ns();
    if (now >= next_check_ns_) watch_clock(now);
  }
  finish();
  health_.cpu_s = cpu_s() - cpu_before;
  health_.starved_s = starved_s() - starved_before;
  health_.wall_s = static_cast<double>(now_ns() - began_ns_) / 1e9;
}

bool Worker::going_on(std::uint64_t now) {
  if (!broken_.empty()) return false;
  if (!ending_) {
    const bool done = job_ == Job::setup ? live_flows_ == 0 && fresh_.empty() : now >= end_ns_;
    const bool stopped = shared_.stop.load(std::memory_order_relaxed) != Shared::none;
    if (!done && !stopped) return true;
    end_of_load(now);
    give_up_ns_ = now + (stopped ? stop_grace_ns : longest_timeout_ns_ + longest_wait_ns);
  }
  if (shared_.stop.load(std::memory_order_relaxed) != Shared::none)
    give_up_ns_ = std::min(give_up_ns_, now + stop_grace_ns);
  return active_ > 0 && now < give_up_ns_;
}

// Nothing new begins; what is under way is waited for.
void Worker::end_of_load(std::uint64_t now) {
  const std::uint64_t until = std::min(now, end_ns_);
  if (arrivals_) dispatch_open(until);
  ending_ = true;
  fresh_.clear();
  while (due_ && *due_ <= until) {
    count_missed(choose().steps.front().index, *due_, now);
    due_ = arrivals_->next();
    if (due_) *due_ += began_ns_;
  }
  due_.reset();
  while (!waiting_.empty()) {
    const int flow = waiting_.front();
    waiting_.pop_front();
    count_missed(step_of(flows_[static_cast<std::size_t>(flow)]).index,
                 flows_[static_cast<std::size_t>(flow)].intended_ns, now);
    end_iteration(flow, now, false);
  }
}

void Worker::wait(std::uint64_t now) {
  std::uint64_t until = std::min(now + longest_wait_ns, std::max(next_check_ns_, now));
  if (due_ && !blocked_) until = std::min(until, std::max(*due_, now));
  if (!thinking_.empty()) until = std::min(until, std::max(thinking_.top().until_ns, now));
  if (!ending_) until = std::min(until, std::max(end_ns_, now));
  if (!fresh_.empty()) until = now;
  const bool precise = (due_ && !blocked_) || !thinking_.empty();
  const auto early = static_cast<std::uint64_t>(precise ? spin_ns_ : 0);
  const std::uint64_t pause = until > now + early ? until - now - early : 0;
  const timespec timeout{static_cast<time_t>(pause / 1'000'000'000), static_cast<long>(pause % 1'000'000'000)};
  std::array<epoll_event, most_events> events;
  const int count = ::epoll_pwait2(epoll_, events.data(), most_events, &timeout, nullptr);
  if (count < 0 && errno != EINTR) broken_ = std::string("epoll: ") + std::strerror(errno);
  if (count <= 0) {
    const std::uint64_t woken = now_ns();
    health_.idle_s += static_cast<double>(woken - now) / 1e9;
    if (count == 0 && pause > 0 && precise) learn_waking(static_cast<double>(woken - now) - static_cast<double>(pause));
  }
  for (int i = 0; i < count; ++i) {
    handle(events[static_cast<std::size_t>(i)].data.u64, events[static_cast<std::size_t>(i)].events);
    // A long batch must not make a send late.
    if (due_ && !blocked_ && (i & 3) == 3) {
      if (const std::uint64_t time = now_ns(); *due_ <= time) dispatch_open(time);
    }
  }
}

// Follows the 90th percentile of how late waking up is: nine steps up for one down. What takes longer than the most is
// another program on this core, which no spinning helps against.
void Worker::learn_waking(double late_ns) {
  static constexpr double step_ns = 500;
  if (late_ns > most_spin_ns) return;
  spin_ns_ = std::clamp(spin_ns_ + (late_ns > spin_ns_ ? 9 * step_ns : -step_ns), least_spin_ns, most_spin_ns);
}

void Worker::handle(std::uint64_t data, std::uint32_t events) {
  const int index = static_cast<int>(data & 0xFFFFFFFF);
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  if (connection.generation != data >> 32 || connection.state == Connection::State::free) return;
  if (connection.state == Connection::State::connecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) connected(index);
    return;
  }
  if (connection.state == Connection::State::handshake) return connected(index);
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) connection.peer_ended = true;
  const std::uint32_t generation = connection.generation;
  if ((events & EPOLLOUT) != 0 && connection.state == Connection::State::busy) send(index);
  if (connection.generation != generation) return;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable(index);
}

void Worker::dispatch(std::uint64_t now) {
  while (!thinking_.empty() && thinking_.top().until_ns <= now) {
    const Thinking next = thinking_.top();
    thinking_.pop();
    if (ending_) {
      end_iteration(next.flow, now, true);
    } else if (Flow& flow = flows_[static_cast<std::size_t>(next.flow)]; flow.scenario == nullptr) {
      start_iteration(next.flow, next.until_ns, true);
    } else {
      flow.on_time = true;
      begin_step(next.flow, next.until_ns);
    }
  }
  while (!waiting_.empty() && active_ < limit_) {
    const int flow = waiting_.front();
    waiting_.pop_front();
    place(flow, now);
  }
  for (std::size_t i = fresh_.size(); i > 0 && !ending_; --i) {
    const int flow = fresh_.back();
    fresh_.pop_back();
    start_iteration(flow, now_ns(), false);
  }
  if (arrivals_) dispatch_open(now);
}

void Worker::dispatch_open(std::uint64_t now) {
  while (due_ && *due_ <= now && !ending_) {
    if (active_ >= limit_ || live_flows_ >= most_flows || !waiting_.empty()) {
      blocked_ = true;
      if (now - *due_ <= longest_timeout_ns_) return;
      count_missed(choose().steps.front().index, *due_, now);
    } else {
      if (blocked_) ++health_.held;
      start_iteration(new_flow(), *due_, !blocked_);
    }
    due_ = arrivals_->next();
    if (due_) *due_ += began_ns_;
  }
  blocked_ = false;
}

void Worker::watch_clock(std::uint64_t now) {
  next_check_ns_ = now + (connections_.size() < 2048 ? 10 : 50) * ms_ns;
  check_deadlines(now);
  if (now >= slice_end_ns_) turn_slice(now);
}

void Worker::check_deadlines(std::uint64_t now) {
  using State = Connection::State;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    Connection& connection = connections_[i];
    if (connection.state == State::free || connection.state == State::idle || connection.deadline_ns > now) continue;
    const bool up = connection.state == State::busy;
    lose(static_cast<int>(i), ErrorKind::timeout,
         up ? "no answer within the timeout" : "no connection within the timeout");
  }
}

void Worker::finish() {
  // What is still under way was cut off by a stop: it counts neither as answered nor as failed.
  for (const auto& connection : connections_) {
    if (connection.flow >= 0) ++health_.cut_off;
  }
  turn_slice(now_ns());
  slices.close();
}

}  // namespace load
