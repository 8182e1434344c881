#pragma once
// What the threads of one load run share. Everything is fixed before they start but for the atomics and what has a lock
// of its own.

#include <time.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "cli/libexec/load/grpc_codec.hpp"
#include "cli/libexec/load/recorder.hpp"
#include "cli/libexec/load/resolve.hpp"
#include "cli/libexec/load/tls.hpp"
#include "cli/load/plan.hpp"

namespace load {

// Monotonic, in ns.
inline std::uint64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

// A file that gets a line for each answer. Lines of several threads do not mix.
class Journal {
 public:
  Journal() = default;
  ~Journal();
  Journal(const Journal&) = delete;
  // Errors: invalid.
  base::Result<void> open(const std::string& path);
  bool is_open() const { return fd_ >= 0; }
  void write(const std::string& lines);

 private:
  std::mutex mutex_;
  int fd_ = -1;
};

struct Shared {
  explicit Shared(const Plan& the_plan) : plan(the_plan) {}

  const Plan& plan;
  Places places;
  std::shared_ptr<TlsContext> tls_http;
  std::shared_ptr<TlsContext> tls_grpc;
  std::shared_ptr<const GrpcCodec> codec;  // when a step calls a gRPC method
  std::vector<Value> slots;                // what an iteration begins with
  std::uint64_t begin_ns = 0;
  // Threads hand over what they counted at every beat, for eyes and for the journal's readers. So many beats are a
  // point of the timeline, which stays short however long the run is.
  static constexpr std::uint64_t beat_ns = 100'000'000;
  std::uint64_t beats_per_point = 10;
  Journal journal;

  enum Stop : int { none, interrupted, errors, requests, time };
  std::atomic<int> stop{none};
  std::atomic<std::uint64_t> error_count{0};
  std::atomic<std::uint64_t> request_count{0};

  // The first reason counts.
  void stop_for(Stop why) {
    int expected = none;
    stop.compare_exchange_strong(expected, why);
  }
};

}  // namespace load
