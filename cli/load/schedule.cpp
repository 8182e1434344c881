#include "cli/load/schedule.hpp"

#include <algorithm>
#include <cmath>

namespace load {
namespace {

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

double arrivals(const Stage& stage) { return (stage.from + stage.to) / 2 * seconds(stage.duration_ns); }

// Seconds into the stage at which `count` arrivals are over: the root of from·t + slope·t²/2 = count, in the form that
// loses no digits when the slope is small.
double time_of(const Stage& stage, double count) {
  const double slope = (stage.to - stage.from) / seconds(stage.duration_ns);
  const double root = std::sqrt(std::max(0.0, stage.from * stage.from + 2 * slope * count));
  const double below = stage.from + root;
  return below <= 0 ? 0 : 2 * count / below;
}

}  // namespace

std::uint64_t duration_of(const std::vector<Stage>& stages) {
  std::uint64_t sum = 0;
  for (const auto& stage : stages) sum += stage.duration_ns;
  return sum;
}

double arrivals_in(const std::vector<Stage>& stages) {
  double sum = 0;
  for (const auto& stage : stages) sum += arrivals(stage);
  return sum;
}

double rate_at(const std::vector<Stage>& stages, std::uint64_t time_ns) {
  for (const auto& stage : stages) {
    if (time_ns < stage.duration_ns) {
      return stage.from + (stage.to - stage.from) * seconds(time_ns) / seconds(stage.duration_ns);
    }
    time_ns -= stage.duration_ns;
  }
  return 0;
}

Arrivals::Arrivals(std::vector<Stage> stages, unsigned number, unsigned threads, bool poisson, std::uint64_t seed)
    : stages_(std::move(stages)), threads_(threads), poisson_(poisson), random_(seed * 1'000'003 + number) {
  wanted_ = poisson_ ? step() : number;
}

// To the next arrival of this thread, counted in arrivals of all threads. Exponential gaps of 1/threads of the rate add
// up to a Poisson process of the whole rate.
double Arrivals::step() {
  if (!poisson_) return threads_;
  return std::exponential_distribution<double>(1.0)(random_) * threads_;
}

std::optional<std::uint64_t> Arrivals::next() {
  while (stage_ < stages_.size()) {
    const Stage& stage = stages_[stage_];
    const double inside = wanted_ - before_;
    if (stage.duration_ns > 0 && inside < arrivals(stage) - 1e-9) {
      wanted_ += step();
      const auto offset = static_cast<std::uint64_t>(std::llround(time_of(stage, inside) * 1e9));
      return began_ns_ + std::min(offset, stage.duration_ns);
    }
    before_ += arrivals(stage);
    began_ns_ += stage.duration_ns;
    ++stage_;
  }
  return std::nullopt;
}

}  // namespace load
