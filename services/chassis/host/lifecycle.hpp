#pragma once
// Tells the process's supervisor how it is by the sd_notify protocol (a datagram to the Unix socket named by
// NOTIFY_SOCKET), which systemd and others understand. Without that variable it says nothing. Thread-safe.
//
// Beside the usual READY, STATUS, STOPPING, MAINPID and WATCHDOG it says X_MSCTL_READY=0 when it is not ready any more
// (sd_notify has no word for that); READY=1 takes it back.

#include <memory>
#include <string>

#include "services/chassis/env/environment.hpp"
#include "services/chassis/host/io_threads.hpp"

namespace chassis {

class NotifyLifecycle final : public Lifecycle {
 public:
  // Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment; before any thread is started.
  NotifyLifecycle();

  void ready(const std::string& status) override;
  void not_ready(const std::string& why) override;
  void stopping() override;

  // When WATCHDOG_USEC asks for it: says WATCHDOG=1 twice in that time, each time by way of every I/O thread, so that
  // the supervisor notices when one of them hangs. Until the I/O threads stop.
  void start_watchdog(IoThreads& threads);

 private:
  struct Beat;
  void send(const std::string& state) const;

  std::string socket_;
  std::chrono::microseconds watchdog_{0};
};

}  // namespace chassis
