#pragma once
// The door to a service's operations, on its REST port: GET and POST /_ops/NAME. Like the door to provider states it is
// there only in a local cluster, and every request needs the same secret (local_secret.hpp). Thread-safe.

#include "base/http/message.hpp"
#include "services/chassis/api/operations.hpp"
#include "services/chassis/env/environment.hpp"

namespace chassis {

class OperationsDoor {
 public:
  static constexpr std::string_view prefix = "/_ops/";

  // Both are lent; null: the service has none.
  OperationsDoor(Environment& env, const Operations* operations) : env_(env), operations_(operations) {}

  // Whether this request is for the door; never when it is not switched on.
  bool takes(const base::http::Request& request) const;
  // Errors become problem+json.
  base::Task<base::http::Response> answer(base::http::Request request) const;

 private:
  base::Task<base::Result<base::Json>> open(base::http::Request request) const;

  Environment& env_;
  const Operations* operations_;
};

}  // namespace chassis
