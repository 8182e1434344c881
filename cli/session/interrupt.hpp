#pragma once
// Turns SIGINT, SIGTERM and SIGHUP into a call on a thread of its own. Make it before any other thread, since those
// inherit the blocked signals. One per process.

#include <atomic>
#include <functional>
#include <thread>

namespace cli {

class Interrupt {
 public:
  // `on_signal` runs on the watching thread, once for the first signal; later ones are swallowed.
  explicit Interrupt(std::function<void()> on_signal);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;

  bool came() const { return came_; }

 private:
  void watch();

  std::function<void()> on_signal_;
  std::atomic<bool> came_{false};
  int signals_ = -1;
  int end_ = -1;
  std::thread thread_;
};

}  // namespace cli
