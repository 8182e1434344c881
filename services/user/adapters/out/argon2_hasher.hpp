#pragma once
// Argon2id (RFC 9106) by libargon2, in its encoded form `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
// Cost: 19 MiB, 2 passes, 1 lane (OWASP Password Storage Cheat Sheet), about 20 ms a hash.

#include "base/random.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/user/ports/password_hasher.hpp"

namespace user_service::adapters {

class Argon2Hasher final : public ports::PasswordHasher {
 public:
  Argon2Hasher(chassis::Scheduler& scheduler, base::Random& random) : scheduler_(scheduler), random_(random) {}
  base::Task<base::Result<std::string>> hash(std::string password) override;

 private:
  chassis::Scheduler& scheduler_;
  base::Random& random_;
};

}  // namespace user_service::adapters
