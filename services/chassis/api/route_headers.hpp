#pragma once
// The headers that go with RouteOptions, and what a request is recognised by. Pure. Internal to api.

#include <optional>
#include <string>

#include <google/protobuf/message.h>

#include "base/http/message.hpp"
#include "base/result.hpp"
#include "services/chassis/api/route_options.hpp"

namespace chassis {

inline constexpr std::string_view key_header = "Idempotency-Key";

// The request's key: a string as in RFC 9651, or the same without its quotes, as many clients send it. Nothing when
// there is none and none is needed. Errors: malformed.
base::Result<std::optional<std::string>> read_key(OnceKey need, const base::http::Headers& headers);

// The same for equal messages, whichever door they came by.
std::string fingerprint(const google::protobuf::Message& message);

// Deprecation, Sunset and Link, as the standards write them.
void add_deprecation(const Deprecation& deprecation, base::http::Headers& headers);

}  // namespace chassis
