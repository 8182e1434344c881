#pragma once
// The secret of the doors that only a local cluster has. Pure.

#include <string>

#include "base/http/message.hpp"
#include "base/result.hpp"

namespace chassis {

// `Authorization: Bearer SECRET` or `?secret=SECRET`. Errors: permission.
base::Result<void> check_local_secret(const base::http::Request& request, const std::string& wanted);

}  // namespace chassis
