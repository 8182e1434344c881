#include "cli/load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace load {

Histogram::Histogram(std::uint64_t lowest, std::uint64_t highest, int digits) : highest_(highest) {
  std::uint64_t wanted = 2;
  for (int i = 0; i < digits; ++i) wanted *= 10;
  const int part_shift = static_cast<int>(std::bit_width(wanted - 1));
  half_shift_ = part_shift - 1;
  unit_shift_ = static_cast<int>(std::bit_width(std::max<std::uint64_t>(lowest, 1))) - 1;
  part_mask_ = ((std::uint64_t{1} << part_shift) - 1) << unit_shift_;
  counts_.resize(index(highest_) + 1);
}

std::size_t Histogram::index(std::uint64_t value) const {
  // The bucket is how far the value reaches above the first bucket; the part is what is left of it at that width.
  const int bucket = static_cast<int>(std::bit_width(value | part_mask_)) - unit_shift_ - half_shift_ - 1;
  const auto part = static_cast<std::size_t>(value >> (bucket + unit_shift_));
  return (static_cast<std::size_t>(bucket) << half_shift_) + part;
}

std::uint64_t Histogram::lowest_of(std::size_t index) const {
  const std::size_t half = std::size_t{1} << half_shift_;
  const std::size_t bucket = index < 2 * half ? 0 : (index >> half_shift_) - 1;
  return static_cast<std::uint64_t>(index - (bucket << half_shift_))
         << (bucket + static_cast<std::size_t>(unit_shift_));
}

std::uint64_t Histogram::highest_of(std::size_t index) const { return lowest_of(index + 1) - 1; }

void Histogram::record(std::uint64_t value, std::uint64_t count) {
  if (count == 0) return;
  value = std::min(value, highest_);
  counts_[index(value)] += count;
  total_ += count;
  sum_ += static_cast<double>(value) * static_cast<double>(count);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < counts_.size() && i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  if (total_ == 0) return;
  std::fill(counts_.begin(), counts_.end(), 0);
  total_ = 0;
  sum_ = 0;
  min_ = ~std::uint64_t{0};
  max_ = 0;
}

std::uint64_t Histogram::percentile(double percentile) const {
  if (total_ == 0) return 0;
  const double share = std::clamp(percentile, 0.0, 100.0) / 100;
  // A little less than the product, so that 99.9 % of 1,000 is the 999th value in spite of rounding.
  const double rank = std::ceil(share * static_cast<double>(total_) * (1 - 1e-12));
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rank));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::clamp(highest_of(i), min_, max_);
  }
  return max_;
}

std::uint64_t Histogram::count_up_to(std::uint64_t value) const {
  const std::size_t last = index(std::min(value, highest_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i <= last && i < counts_.size(); ++i) seen += counts_[i];
  return seen;
}

Histogram Histogram::corrected(std::uint64_t expected) const {
  Histogram copy = *this;
  if (expected == 0) return copy;
  const std::uint64_t step = std::max(expected, std::uint64_t{1} << unit_shift_);
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const std::uint64_t value = std::min(highest_of(i), max_);
    if (value < 2 * step) continue;
    // All that fall into one bucket at once, so that a long stall among microseconds stays cheap.
    for (std::uint64_t missed = value - step; missed >= step;) {
      const std::uint64_t least = std::max(lowest_of(index(missed)), step);
      const std::uint64_t times = (missed - least) / step + 1;
      copy.record(missed, counts_[i] * times);
      if (missed < times * step) break;
      missed -= times * step;
    }
  }
  return copy;
}

std::vector<std::pair<double, std::uint64_t>> Histogram::curve(int points_per_half) const {
  std::vector<std::pair<double, std::uint64_t>> points;
  if (total_ == 0) return points;
  double left = 100;
  const double ratio = std::pow(0.5, 1.0 / points_per_half);
  while (left * static_cast<double>(total_) / 100 >= 0.5) {
    points.emplace_back(100 - left, percentile(100 - left));
    left *= ratio;
  }
  points.emplace_back(100, max_);
  return points;
}

}  // namespace load
