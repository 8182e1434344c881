#pragma once
// The use cases of user-service. Thread-safe.

#include "base/clock.hpp"
#include "base/random.hpp"
#include "services/user/ports/password_hasher.hpp"
#include "services/user/ports/user_store.hpp"

namespace user_service::app {

class Users {
 public:
  Users(const base::Clock& clock, base::Random& random, ports::UserStore& store, ports::PasswordHasher& hasher)
      : clock_(clock), random_(random), store_(store), hasher_(hasher) {}

  // Errors: invalid (with fields), conflict (e-mail taken), unavailable.
  base::Task<base::Result<domain::User>> create(chassis::CallContext context, domain::NewUser wanted);
  // Errors: not_found, unavailable.
  base::Task<base::Result<domain::User>> get(chassis::CallContext context, std::string id);

 private:
  const base::Clock& clock_;
  base::Random& random_;
  ports::UserStore& store_;
  ports::PasswordHasher& hasher_;
};

}  // namespace user_service::app
