#pragma once
// What a check found out. Plain values.

#include <cstdint>
#include <string>
#include <string_view>

namespace verify {

// absent: the pattern, or what it needs, is not in this cluster. skipped: it could not be looked at, for a reason that
// says nothing about the pattern.
enum class Status : std::uint8_t { passed, failed, absent, skipped };

constexpr std::string_view name(Status status) {
  switch (status) {
    case Status::passed:
      return "passed";
    case Status::failed:
      return "failed";
    case Status::absent:
      return "absent";
    case Status::skipped:
      return "skipped";
  }
  return "failed";
}

struct Finding {
  Status status = Status::failed;
  std::string evidence;  // one to three sentences: what was done, what was seen, what of the pattern is not there yet
};

inline Finding passed(std::string evidence) { return {Status::passed, std::move(evidence)}; }
inline Finding failed(std::string evidence) { return {Status::failed, std::move(evidence)}; }
inline Finding absent(std::string evidence) { return {Status::absent, std::move(evidence)}; }
inline Finding skipped(std::string evidence) { return {Status::skipped, std::move(evidence)}; }

}  // namespace verify
