#pragma once
// Subjects of messages as NATS has them: tokens between dots, where a pattern may have `*` for one token and, at the
// end, `>` for one or more. Pure functions.

#include <optional>
#include <string>
#include <string_view>

namespace base {

bool subject_matches(std::string_view pattern, std::string_view subject);

// The stream of a service: ORDER-SERVICE.
std::string stream_name(std::string_view service);

// The pattern of what matches both; nothing when no subject does.
std::optional<std::string> subjects_in_both(std::string_view a, std::string_view b);

}  // namespace base
