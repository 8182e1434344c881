#pragma once
// Takes mails out of the system. Thread-safe.

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/notification/domain/mail.hpp"

namespace notification_service::ports {

class Postman {
 public:
  virtual ~Postman() = default;
  // Hands the mail over for good: when this succeeds, no crash takes it back. Twice for one mail is possible, and then
  // with the same Message-ID, by which the receiver knows it again. Errors: unavailable.
  virtual base::Task<base::Result<void>> deliver(domain::Mail mail) = 0;
  // Whether it would take one, for readiness.
  virtual base::Task<base::Result<void>> ping(base::Monotonic deadline) = 0;
};

}  // namespace notification_service::ports
