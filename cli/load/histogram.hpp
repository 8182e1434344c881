#pragma once
// Counts of durations in bounded memory with a bounded relative error: the layout and the arithmetic are those that Gil
// Tene published as HdrHistogram (hdrhistogram.org). Buckets double in width, each has as many linear parts as the
// wanted digits need, so that recording is a shift and an increment. The unit is the caller's; here it is nanoseconds.
// Plain value, no locks: one per thread, added up at the end.

#include <cstdint>
#include <utility>
#include <vector>

namespace load {

class Histogram {
 public:
  // Values are told apart from `lowest` (at least 1) up, and counted as `highest` above it. `digits` (1 to 4) decimal
  // digits of a value are exact.
  explicit Histogram(std::uint64_t lowest = 128, std::uint64_t highest = 3'600'000'000'000, int digits = 3);

  void record(std::uint64_t value, std::uint64_t count = 1);
  void add(const Histogram& other);  // of the same layout
  void clear();

  std::uint64_t total() const { return total_; }
  std::uint64_t min() const { return total_ == 0 ? 0 : min_; }
  std::uint64_t max() const { return max_; }
  double mean() const { return total_ == 0 ? 0 : sum_ / static_cast<double>(total_); }

  // The least value that `percentile` (0 to 100) percent of all values do not exceed, by nearest rank; never above
  // max(). 0 when it is empty.
  std::uint64_t percentile(double percentile) const;
  // How many values are not above `value`, to the resolution of the buckets.
  std::uint64_t count_up_to(std::uint64_t value) const;

  // A copy in which each value above `expected` brings along those that were not sent meanwhile: value - expected,
  // value - 2 × expected and so on, as HdrHistogram corrects for coordinated omission after the fact.
  Histogram corrected(std::uint64_t expected) const;

  // (percentile, value) from 0 to 100, denser towards the end: what a percentile curve is drawn from.
  std::vector<std::pair<double, std::uint64_t>> curve(int points_per_half = 5) const;

 private:
  std::size_t index(std::uint64_t value) const;
  std::uint64_t lowest_of(std::size_t index) const;
  std::uint64_t highest_of(std::size_t index) const;

  int unit_shift_;           // values below 1 << unit_shift_ are not told apart
  int half_shift_;           // log2 of half the parts of a bucket
  std::uint64_t part_mask_;  // parts of the first bucket, less one, at their place
  std::uint64_t highest_;    // larger values count as this one
  std::uint64_t total_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
  double sum_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace load
