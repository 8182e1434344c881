#pragma once
// What PostgreSQL's errors mean to whoever called. Pure. Internal to db/postgres.

#include <string>

#include "base/result.hpp"

namespace chassis::db {

struct ServerError {
  base::Error error;
  bool may_try_again = false;  // another transaction was in the way: the same work can succeed at once
};

// `sqlstate` as in https://www.postgresql.org/docs/15/errcodes-appendix.html; `message` is the server's, whose first
// line is passed on only where it names things of the schema and no values.
ServerError translate_error(const std::string& sqlstate, const std::string& message);

}  // namespace chassis::db
