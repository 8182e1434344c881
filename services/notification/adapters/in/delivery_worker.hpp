#pragma once
// Drives deliveries: at once when a mail was kept, and every second for what failed or was left by somebody who died.

#include "services/chassis/env/environment.hpp"
#include "services/notification/app/deliveries.hpp"

namespace notification_service::adapters {

class DeliveryWorker {
 public:
  // All are lent for its life. Whoever keeps a mail sets `mail_waits`.
  DeliveryWorker(chassis::Environment& env, app::Deliveries& deliveries, chassis::Signal& mail_waits)
      : env_(env), deliveries_(deliveries), mail_waits_(mail_waits) {}

  // Delivers until shutdown is requested. Spawn it once.
  base::Task<> run();

  static constexpr std::chrono::milliseconds sweep{1'000};

 private:
  void report(const base::Result<app::Round>& round);

  chassis::Environment& env_;
  app::Deliveries& deliveries_;
  chassis::Signal& mail_waits_;
  bool is_away_ = false;  // the mailbox could not be asked the last time
};

}  // namespace notification_service::adapters
