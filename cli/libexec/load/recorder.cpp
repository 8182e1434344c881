#include "cli/libexec/load/recorder.hpp"

#include <numeric>

namespace load {

const char* name_of(ErrorKind kind) {
  static constexpr std::array<const char*, error_kinds> names{"connect", "timeout",   "closed",   "protocol",
                                                              "status",  "assertion", "redirect", "capture"};
  return names.at(static_cast<std::size_t>(kind));
}

std::uint64_t StepCounts::all_errors() const { return std::accumulate(errors.begin(), errors.end(), std::uint64_t{0}); }

void StepCounts::add(const StepCounts& other) {
  corrected.add(other.corrected);
  uncorrected.add(other.uncorrected);
  sent += other.sent;
  completed += other.completed;
  missed += other.missed;
  for (std::size_t i = 0; i < errors.size(); ++i) errors[i] += other.errors[i];
  for (std::size_t i = 0; i < statuses.size(); ++i) statuses[i] += other.statuses[i];
  if (first_error.empty()) first_error = other.first_error;
}

void Slice::add(const Slice& other) {
  sent += other.sent;
  completed += other.completed;
  errors += other.errors;
  missed += other.missed;
  corrected.add(other.corrected);
}

void SliceQueue::put(std::size_t number, Slice slice) {
  const std::lock_guard lock(mutex_);
  slices_.emplace_back(number, std::move(slice));
}

std::vector<std::pair<std::size_t, Slice>> SliceQueue::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(slices_, {});
}

void SliceQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

bool SliceQueue::closed() {
  const std::lock_guard lock(mutex_);
  return closed_;
}

// The first quarter holds the slowest ones, the rest is Vitter's reservoir (algorithm R).
void Samples::add(Sample sample, std::uint64_t random) {
  static constexpr std::size_t slowest = most / 4;
  ++seen_;
  if (samples_.size() < most) {
    samples_.push_back(std::move(sample));
    return;
  }
  std::size_t fastest = 0;
  for (std::size_t i = 1; i < slowest; ++i) {
    if (samples_[i].latency_ns < samples_[fastest].latency_ns) fastest = i;
  }
  if (sample.latency_ns > samples_[fastest].latency_ns) std::swap(sample, samples_[fastest]);
  const std::uint64_t place = random % seen_;
  if (place < most - slowest) samples_[slowest + place] = std::move(sample);
}

}  // namespace load
