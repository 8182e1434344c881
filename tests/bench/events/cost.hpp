#pragma once
// What a stretch of work takes: on the clock, and of the processors by this process and one other together.

#include <sys/resource.h>
#include <sys/types.h>

#include "tests/bench/events/measure.hpp"

namespace bench {

struct Cost {
  double wall_s = 0;
  double cpu_s = 0;
};

class Meter {
 public:
  explicit Meter(pid_t other) : other_(other), start_(Clock::now()), cpu_at_start_s_(cpu_s()) {}
  Cost read() const { return {ms_between(start_, Clock::now()) / 1'000, cpu_s() - cpu_at_start_s_}; }

 private:
  double cpu_s() const;

  pid_t other_;
  Clock::time_point start_;
  double cpu_at_start_s_;
};

}  // namespace bench
