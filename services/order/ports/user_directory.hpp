#pragma once
// Whom orders may belong to. Thread-safe.

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"

namespace order_service::ports {

class UserDirectory {
 public:
  virtual ~UserDirectory() = default;
  // Errors: unavailable or timeout when it cannot be known just now.
  virtual base::Task<base::Result<bool>> knows(const chassis::CallContext& context, std::string user_id) = 0;
};

}  // namespace order_service::ports
