#pragma once
// The forms that all answers of the supervisor's API have. Pure.

#include <string_view>

#include "base/http/message.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace app {

base::http::Response json_response(int status, const base::Json& body);
base::http::Response error_response(const base::Error& error);
base::http::Response unknown_resource();
base::http::Response wrong_method(std::string_view allowed);

// The body as an object; an empty one is one without keys. Errors: malformed.
base::Result<base::Json> object_of(const base::http::Request& request);

}  // namespace app
