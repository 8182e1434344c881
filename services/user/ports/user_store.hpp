#pragma once
// Where users are kept. Thread-safe.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/user/domain/user.hpp"

namespace user_service::ports {

class UserStore {
 public:
  virtual ~UserStore() = default;
  // Durable when it succeeds. Errors: conflict (the e-mail is taken), unavailable, timeout.
  virtual base::Task<base::Result<void>> insert(const chassis::CallContext& context, domain::User user,
                                                std::string password_hash) = 0;
  virtual base::Task<base::Result<std::optional<domain::User>>> find(const chassis::CallContext& context,
                                                                     std::string id) = 0;
};

}  // namespace user_service::ports
