#include "cli/libexec/load/engine.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <thread>

#include "cli/libexec/load/result.hpp"
#include "cli/libexec/load/worker.hpp"

namespace load {

Journal::~Journal() {
  if (fd_ >= 0) ::close(fd_);
}

base::Result<void> Journal::open(const std::string& path) {
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) {
    return base::fail(base::ErrorCode::invalid, "the journal " + path + " cannot be written: " + std::strerror(errno));
  }
  return base::success();
}

void Journal::write(const std::string& lines) {
  const std::lock_guard lock(mutex_);
  std::string_view rest = lines;
  while (!rest.empty()) {
    const ssize_t count = ::write(fd_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

namespace {

constexpr std::uint64_t milli_ns = 1'000'000;
constexpr int progress_ms = 200;

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool uses(const Plan& plan, Protocol protocol) {
  return std::any_of(plan.origins.begin(), plan.origins.end(),
                     [&](const Origin& one) { return one.protocol == protocol; });
}

// What the plan names by its file.
base::Result<void> read_files(Shared& shared) {
  const Plan& plan = shared.plan;
  // Redirects may lead to https from anywhere.
  TRY(shared.tls_http, TlsContext::make(plan.tls, false));
  if (uses(plan, Protocol::grpc) || uses(plan, Protocol::grpcs)) {
    TRY(shared.codec, GrpcCodec::make(plan));
  }
  if (uses(plan, Protocol::grpcs)) {
    TRY(shared.tls_grpc, TlsContext::make(plan.tls, true));
  }
  return base::success();
}

base::Result<void> set_up(Shared& shared) {
  const Plan& plan = shared.plan;
  TRY(shared.places, Places::make(plan));
  TRY(read_files(shared));
  if (!plan.journal.empty()) {
    TRY(shared.journal.open(plan.journal));
  }
  shared.slots = plan.slots;
  // At most 60 points of the curve over time, whatever the length.
  const std::uint64_t point_ns = (plan.duration_ns + 59) / 60;
  shared.beats_per_point = std::max<std::uint64_t>(1, (point_ns + Shared::beat_ns - 1) / Shared::beat_ns);
  return base::success();
}

base::Result<void> run_setup(Shared& shared) {
  if (shared.plan.setup.empty()) return base::success();
  Worker worker(shared, Worker::Job::setup, 0, 1);
  worker.run();
  for (const auto& step : shared.plan.setup) {
    const StepCounts& counts = worker.counts()[step.index];
    if (counts.completed == 1) continue;
    return base::fail(base::ErrorCode::conflict, "the setup step \"" + step.name + "\" failed, so nothing was sent: " +
                                                     (counts.first_error.empty() ? "no answer" : counts.first_error));
  }
  shared.slots = worker.captured();
  shared.error_count = 0;
  shared.request_count = 0;
  return base::success();
}

// Collects what the threads have counted while they run.
class Watch {
 public:
  Watch(Shared& shared, std::vector<std::unique_ptr<Worker>>& workers, const EngineCalls& calls)
      : shared_(shared), workers_(workers), calls_(calls), handed_over_(workers.size()) {}

  void collect() {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      SliceQueue& slices = workers_[i]->slices;
      const bool closed = slices.closed();
      for (auto& [beat, slice] : slices.take()) {
        const std::size_t point = beat / shared_.beats_per_point;
        if (point >= timeline_.size()) timeline_.resize(point + 1);
        timeline_[point].add(slice);
        all_sent_ += slice.sent;
        all_completed_ += slice.completed;
        all_errors_ += slice.errors;
        all_missed_ += slice.missed;
        handed_over_[i] = beat + 1;
        if (!calls_.progress || beat < shown_) continue;
        while (beat - shown_ >= beats_.size()) beats_.emplace_back();
        beats_[beat - shown_].add(slice);
      }
      if (closed) handed_over_[i] = std::numeric_limits<std::size_t>::max();
    }
  }

  // Only beats that all threads are done with: a part of one would look like a change of the rate.
  void report() {
    if (!calls_.progress) return;
    const std::size_t whole = *std::min_element(handed_over_.begin(), handed_over_.end());
    const std::size_t count = whole <= shown_ ? 0 : std::min(whole - shown_, beats_.size());
    if (count == 0) return;
    Slice sum;
    for (std::size_t i = 0; i < count; ++i) {
      sum.add(beats_.front());
      beats_.pop_front();
    }
    shown_ += count;
    static constexpr double beat_s = static_cast<double>(Shared::beat_ns) / 1e9;
    base::Json line = slice_json(sum, static_cast<double>(count) * beat_s);
    line["event"] = "progress";
    line["elapsed_s"] = static_cast<double>(shown_) * beat_s;
    line["planned_s"] = static_cast<double>(shared_.plan.duration_ns) / 1e9;
    line["all_sent"] = all_sent_;
    line["all_completed"] = all_completed_;
    line["all_errors"] = all_errors_;
    line["all_missed"] = all_missed_;
    calls_.progress(line);
  }

  const std::vector<Slice>& timeline() const { return timeline_; }

 private:
  Shared& shared_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  const EngineCalls& calls_;
  std::vector<std::size_t> handed_over_;  // by each thread: the beats before this one
  std::vector<Slice> timeline_;
  std::deque<Slice> beats_;  // not shown yet, from `shown_` on
  std::size_t shown_ = 0;
  std::uint64_t all_sent_ = 0;
  std::uint64_t all_completed_ = 0;
  std::uint64_t all_errors_ = 0;
  std::uint64_t all_missed_ = 0;
};

}  // namespace

base::Result<void> check_files(const Plan& plan) {
  Shared shared(plan);
  return read_files(shared);
}

base::Result<base::Json> carry_out(const Plan& plan, const EngineCalls& calls) {
  raise_file_limit();
  Shared shared(plan);
  TRY(set_up(shared));
  TRY(run_setup(shared));
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < plan.threads; ++i) {
    workers.push_back(std::make_unique<Worker>(shared, Worker::Job::load, i, plan.threads));
  }
  shared.begin_ns = now_ns() + 5 * milli_ns;
  const auto wall = std::chrono::system_clock::now();
  std::atomic<unsigned> running{plan.threads};
  std::vector<std::thread> threads;
  for (auto& worker : workers) {
    threads.emplace_back([&running, one = worker.get()] {
      one->run();
      --running;
    });
  }
  Watch watch(shared, workers, calls);
  for (std::uint64_t last = now_ns(); running > 0;) {
    if (calls.pause && calls.pause(running > 0 ? 20 : 0)) shared.stop_for(Shared::interrupted);
    if (plan.budget.time_ns != 0 && now_ns() > shared.begin_ns + plan.budget.time_ns) shared.stop_for(Shared::time);
    watch.collect();
    if (now_ns() < last + progress_ms * milli_ns) continue;
    watch.report();
    last = now_ns();
  }
  for (auto& thread : threads) thread.join();
  watch.collect();
  watch.report();
  for (const auto& worker : workers) {
    if (!worker->broken().empty()) return base::fail(base::ErrorCode::internal, "load stopped: " + worker->broken());
  }
  return make_result(shared, workers, watch.timeline(), wall);
}

}  // namespace load
