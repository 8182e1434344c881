#pragma once
// Puts a notice into words. Thread-safe.

#include "base/result.hpp"
#include "services/notification/domain/mail.hpp"
#include "services/notification/domain/notice.hpp"

namespace notification_service::ports {

class Letters {
 public:
  virtual ~Letters() = default;
  // In the first language of domain::fallbacks() that has a template for the event. Errors: internal when there is none
  // for it at all.
  virtual base::Result<domain::Letter> write(const domain::Notice& notice) const = 0;
};

}  // namespace notification_service::ports
