#pragma once
// notification-service as other services call it. Thread-safe.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/api/client.hpp"
#include "services/notification/proto/notification.pb.h"

namespace notification_service::client {

class Mailbox {
 public:
  virtual ~Mailbox() = default;
  // Errors: not_found, unavailable, timeout.
  virtual base::Task<base::Result<notification::v1::Mail>> get(const chassis::CallContext& context, std::string id) = 0;
  // Errors: invalid, malformed (a page token that was not theirs), unavailable, timeout.
  virtual base::Task<base::Result<notification::v1::ListMailResponse>> list(
      const chassis::CallContext& context, notification::v1::ListMailRequest request) = 0;
  // Proof of life, for readiness.
  virtual base::Task<base::Result<void>> ping(base::Monotonic deadline) = 0;
};

// Over gRPC, at the address and with the time-out of `calls: {notification-service: …}` in the caller's service.yaml.
base::Result<std::unique_ptr<Mailbox>> connect(chassis::Environment& env);

}  // namespace notification_service::client
