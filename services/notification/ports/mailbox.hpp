#pragma once
// Where mails are kept. Thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/notification/domain/mail.hpp"

namespace notification_service::ports {

struct Filter {
  std::string user_id;   // empty: of all users
  std::string order_id;  // empty: of all orders
};

// A mail that is to be delivered now.
struct Due {
  domain::Mail mail;
  std::int64_t attempt = 1;  // which delivery this is
};

class Mailbox {
 public:
  virtual ~Mailbox() = default;
  // Durable when it succeeds. When the context is that of an event that is to have its effect once, the mail and that
  // the event was handled are kept together. Errors: conflict when it had been handled, unavailable, timeout.
  virtual base::Task<base::Result<void>> keep(const chassis::CallContext& context, domain::Mail mail) = 0;
  virtual base::Task<base::Result<std::optional<domain::Mail>>> find(const chassis::CallContext& context,
                                                                     std::string id) = 0;
  // Newest first, at most `limit`, only those older than the mail `before` when it is not empty.
  virtual base::Task<base::Result<std::vector<domain::Mail>>> list(const chassis::CallContext& context, Filter filter,
                                                                   std::string before, int limit) = 0;

  // At most `limit` mails that wait for their delivery, the longest waiting first, each put off by its next pause:
  // whoever dies with it, or is at work at the same time, finds it again after that.
  virtual base::Task<base::Result<std::vector<Due>>> take_due(base::Monotonic deadline, base::Wall now, int limit) = 0;
  virtual base::Task<base::Result<void>> mark_delivered(base::Monotonic deadline, std::vector<std::string> ids,
                                                        std::string delivered_at) = 0;
};

}  // namespace notification_service::ports
