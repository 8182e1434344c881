#pragma once
// The text protocol of sd_notify(3): what a process tells the one who started it through the socket NOTIFY_SOCKET.
// Pure; the input comes from a program that may be broken or hostile.

#include <map>
#include <string>
#include <string_view>

namespace ports {

// KEY to value: READY, STATUS, STOPPING, WATCHDOG, EXTEND_TIMEOUT_USEC, …
using Assignments = std::map<std::string, std::string>;

inline constexpr std::size_t max_notify_bytes = 64 * 1024;  // of a datagram; nothing of a longer one counts
inline constexpr std::size_t max_notify_keys = 64;          // assignments of one datagram; further ones are dropped
inline constexpr std::size_t max_notify_value = 1024;       // bytes of one value; the rest is cut off

// One KEY=VALUE a line. Keys have capital letters, digits and `_`, at most 64; a line that is none is ignored, of a key
// that stands twice the last one counts. Control characters in values become spaces.
Assignments parse_notify(std::string_view datagram);

// The text on one line, at most `max_bytes` long: control characters become spaces, those at either end go. For what
// programs say and people read on a terminal.
std::string one_line(std::string_view text, std::size_t max_bytes);

}  // namespace ports
