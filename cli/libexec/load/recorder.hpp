#pragma once
// What one thread of a load run counts. No locks but for the slices, which the main thread collects while the run goes
// on.

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "cli/load/histogram.hpp"

namespace load {

enum class ErrorKind : std::uint8_t { connect, timeout, closed, protocol, status, assertion, redirect, capture };
inline constexpr std::size_t error_kinds = 8;
const char* name_of(ErrorKind kind);

struct StepCounts {
  Histogram corrected;    // from the intended send
  Histogram uncorrected;  // from the send itself
  std::uint64_t sent = 0;
  std::uint64_t completed = 0;  // answered as expected
  std::uint64_t missed = 0;     // due, and never sent
  std::array<std::uint64_t, error_kinds> errors{};
  std::array<std::uint64_t, 1000> statuses{};
  std::string first_error;  // in words, for people

  std::uint64_t all_errors() const;
  void add(const StepCounts& other);
};

// What happened in one interval of the run, coarser than in the whole.
struct Slice {
  std::uint64_t sent = 0;
  std::uint64_t completed = 0;
  std::uint64_t errors = 0;
  std::uint64_t missed = 0;
  Histogram corrected{1024, 3'600'000'000'000, 2};

  void add(const Slice& other);
};

// A request that carried a traceparent of ours.
struct Sample {
  std::string trace_id;
  std::size_t step = 0;
  std::uint64_t latency_ns = 0;
  std::int64_t wall_ms = 0;  // when it was sent
  int status = 0;
};

// How the thread itself fared.
struct Health {
  Histogram lateness{64, 3'600'000'000'000, 3};  // actual less intended send, where a connection was to be had
  std::uint64_t held = 0;                        // arrivals that had to wait for one of max_connections
  std::uint64_t connects = 0;
  std::uint64_t cut_off = 0;     // requests that had no answer yet when the run was stopped
  std::uint64_t no_sockets = 0;  // EMFILE, EADDRNOTAVAIL and the like
  double cpu_s = 0;
  double starved_s = 0;  // ready to run, and no core free
  double idle_s = 0;     // waiting or spinning
  double wall_s = 0;
};

// Slices that are over, handed from a thread to the main thread.
class SliceQueue {
 public:
  void put(std::size_t number, Slice slice);
  std::vector<std::pair<std::size_t, Slice>> take();
  // No more will come.
  void close();
  bool closed();

 private:
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<std::pair<std::size_t, Slice>> slices_;
};

// Of all samples some, chosen at random, and the slowest. Bounded.
class Samples {
 public:
  static constexpr std::size_t most = 400;
  void add(Sample sample, std::uint64_t random);
  const std::vector<Sample>& all() const { return samples_; }

 private:
  std::uint64_t seen_ = 0;
  std::vector<Sample> samples_;
};

}  // namespace load
