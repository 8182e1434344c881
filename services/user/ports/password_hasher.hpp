#pragma once
// Turns a password into what may be stored. Thread-safe.

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"

namespace user_service::ports {

class PasswordHasher {
 public:
  virtual ~PasswordHasher() = default;
  // The encoded hash, with algorithm, parameters and salt in it. Slow by design; runs off the I/O threads.
  virtual base::Task<base::Result<std::string>> hash(std::string password) = 0;
};

}  // namespace user_service::ports
