#pragma once
// The one shape of an error over HTTP: problem+json (RFC 9457), and the one place where an ErrorCode becomes a status.
// Pure.

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/http/message.hpp"
#include "services/chassis/call/context.hpp"

namespace chassis {

int http_status(base::ErrorCode code);

// {type, title, status, detail, instance, errors: [{field, message}], request_id, trace_id}. `type` is stable and is
// what a program should look at: urn:msctl:problem:<kind>.
base::http::Response problem(const base::Error& error, std::string_view instance, const CallContext& context);

// The same for what no ErrorCode stands for (framing, size, time-out of the request itself).
base::http::Response problem(int status, std::string_view detail, std::string_view instance,
                             const CallContext& context);

}  // namespace chassis
