#pragma once
// Requests that go on while something is done to the cluster, to see whether any of them fails. The threads end with
// the object.

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/verify/world.hpp"

namespace verify {

class Traffic {
 public:
  struct Count {
    std::uint64_t answered = 0;  // with a status below 500
    std::uint64_t failed = 0;
    std::string first_failure;  // "GET /x: 503", with the reason
  };

  // Each of `threads` sends one request after the other. `make` is called by all of them at once.
  Traffic(World& world, std::uint16_t port, std::function<base::http::Request()> make, int threads);
  ~Traffic() { stop(); }
  Traffic(const Traffic&) = delete;

  // More threads that do the same.
  void add(int threads);
  int threads() const { return static_cast<int>(threads_.size()); }
  std::uint64_t answered() const { return answered_; }
  // Returns when the last answers are there.
  Count stop();

 private:
  void send_on();
  void note(const std::string& what);

  World& world_;
  std::uint16_t port_;
  std::function<base::http::Request()> make_;
  std::atomic<bool> over_{false};
  std::atomic<std::uint64_t> answered_{0};
  std::mutex mutex_;
  std::uint64_t failed_ = 0;  // both under mutex_
  std::string first_failure_;
  std::vector<std::thread> threads_;
};

}  // namespace verify
