#pragma once
// user-service as other services call it. Thread-safe.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/api/client.hpp"
#include "services/user/proto/user.pb.h"

namespace user_service::client {

class Users {
 public:
  virtual ~Users() = default;
  // Errors: not_found; unavailable or timeout when user-service cannot answer.
  virtual base::Task<base::Result<user::v1::User>> get(const chassis::CallContext& context, std::string id) = 0;
  // Proof of life, for readiness.
  virtual base::Task<base::Result<void>> ping(base::Monotonic deadline) = 0;
};

// Over gRPC, at the address and with the time-out of `calls: {user-service: …}` in the caller's service.yaml.
base::Result<std::unique_ptr<Users>> connect(chassis::Environment& env);

}  // namespace user_service::client
