#pragma once
// The command line of msctl-broker, read and checked whole before anything connects. Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace broker {

enum class Verb : std::uint8_t { ping, streams, stream, consumers, read, redeliver, publish, remove, settle };

struct Arguments {
  Verb verb = Verb::ping;
  std::string url = "nats://127.0.0.1:4222";
  std::chrono::milliseconds timeout{5'000};                  // of connecting and of each question
  std::string name;                                          // of the stream; for publish the subject
  std::string subject;                                       // read, redeliver: only messages of it; wildcards allowed
  std::optional<std::uint64_t> from_seq;                     // read, redeliver, delete
  std::optional<std::int64_t> from_ns;                       // read: nanoseconds since 1970
  std::optional<std::uint64_t> limit;                        // read
  bool bodies = true;                                        // read: with headers and data
  std::vector<std::pair<std::string, std::string>> headers;  // publish
};

// A line of `settle`.
struct Settling {
  std::uint64_t seq = 0;  // is taken out of the stream
  bool publish = false;   // after this was published:
  Arguments anew = {};    // its name and headers
  std::string body = {};
};

// Errors: malformed, with what was expected.
base::Result<Arguments> read_arguments(const std::vector<std::string>& words);

// "2026-11-21T06:30:45.123Z" in nanoseconds since 1970; up to nine decimals, UTC only. Errors: malformed.
base::Result<std::int64_t> read_time(const std::string& text);
// The same back, with nine decimals.
std::string time_text(std::int64_t nanoseconds);

extern const char* const usage;

}  // namespace broker
