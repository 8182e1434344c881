#pragma once
// When the open model sends: a rate over time, as a list of stages, each constant or a straight line, and the times of
// single arrivals that follow from it. Pure; one Arrivals per thread, and the threads' arrivals are those of one
// schedule dealt out in turn.

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace load {

struct Stage {
  double from = 0;  // arrivals a second at its begin
  double to = 0;    // and at its end
  std::uint64_t duration_ns = 0;
};

std::uint64_t duration_of(const std::vector<Stage>& stages);  // ns
double arrivals_in(const std::vector<Stage>& stages);
// Arrivals a second at a time since the begin; 0 after the end.
double rate_at(const std::vector<Stage>& stages, std::uint64_t time_ns);

class Arrivals {
 public:
  // Thread `number` (from 0) of `threads`. `poisson`: gaps are exponentially distributed instead of even; the seed
  // decides them.
  Arrivals(std::vector<Stage> stages, unsigned number, unsigned threads, bool poisson, std::uint64_t seed);

  // When the next one is due, in ns since the begin; never before the one before it. Nothing at the end.
  std::optional<std::uint64_t> next();

 private:
  double step();

  std::vector<Stage> stages_;
  std::size_t stage_ = 0;
  double before_ = 0;           // arrivals in the stages before this one
  std::uint64_t began_ns_ = 0;  // begin of this stage
  double wanted_ = 0;           // the arrival whose time is sought, counted from 0 over the whole schedule
  unsigned threads_;
  bool poisson_;
  std::mt19937_64 random_;
};

}  // namespace load
