#pragma once
// notification-service: tells users what became of their orders, in their language. Hears of it by events only; keeps
// each mail once and hands it over outside at least once. Publishes nothing.

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/env/environment.hpp"

namespace notification_service {

// Runs until shutdown is requested. Errors: what keeps it from starting.
//
// Settings: MAIL_SPOOL, the folder where mails are left, required; MAIL_DOMAIN, that of addresses and Message-IDs,
// shop.invalid when absent.
base::Task<base::Result<void>> run(chassis::Environment& env);

}  // namespace notification_service
