#pragma once
// Tells the process's supervisor about readiness by the sd_notify protocol (a datagram to the Unix socket named by
// NOTIFY_SOCKET), which systemd and others understand. Without that variable it says nothing.

#include <string>

#include "services/chassis/env/environment.hpp"

namespace chassis {

class NotifyLifecycle final : public Lifecycle {
 public:
  NotifyLifecycle();
  void ready() override { send("READY=1"); }
  void stopping() override { send("STOPPING=1"); }

 private:
  void send(const std::string& state) const;
  std::string socket_;
};

}  // namespace chassis
