#pragma once
// What all parts of the benchmark use: how a failure ends it, clocks, quantiles. Pure but for die().

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace bench {

using Clock = std::chrono::steady_clock;

inline const base::SystemClock the_clock;

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "bench-events: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T need(base::Result<T> result) {
  if (!result) die(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

inline double ms_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double, std::milli>(end - start).count();
}

// {"p50", "p99"}; of at least one value.
inline base::Json quantiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) { return values.at(static_cast<std::size_t>(part * (values.size() - 1))); };
  return {{"p50", at(0.5)}, {"p99", at(0.99)}};
}

inline double median(std::vector<double> values) { return quantiles(std::move(values))["p50"].get<double>(); }

}  // namespace bench
