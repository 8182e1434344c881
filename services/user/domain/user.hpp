#pragma once
// What a user is and which rules a sign-up must keep. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace user_service::domain {

struct NewUser {
  std::string email;
  std::string name;
  std::string password;
};

struct User {
  std::string id;
  std::string email;
  std::string name;
  std::string created_at;  // RFC 3339
};

// Every rule that is broken, by field; empty when none is. Lengths count characters (code points), not bytes.
std::vector<base::FieldError> check(const NewUser& user);

// Two addresses that differ only in ASCII case are one.
std::string email_key(std::string_view email);

}  // namespace user_service::domain
