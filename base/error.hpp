#pragma once
// The one error value of the project: what went wrong in terms a caller can act on, and one sentence for a person.
// A plain value, copyable, no thread affinity. Mapped to HTTP and gRPC status in services/chassis/api/problem.cpp and
// rpc/grpc/wire.cpp and to exit codes in cli/terminal/exit_code.hpp; nothing else translates it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace base {

enum class ErrorCode : std::uint8_t {
  malformed,    // cannot be parsed or has the wrong type: HTTP 400
  invalid,      // parsed, but breaks a rule of the domain: HTTP 422
  not_found,    // HTTP 404
  method,       // the resource exists, but not with this method: HTTP 405
  conflict,     // the state forbids it: HTTP 409
  too_large,    // HTTP 413
  unsupported,  // the media type is not one we read: HTTP 415
  timeout,      // a deadline passed: HTTP 504 (a client that is too slow gets 408 from the server itself)
  unavailable,  // a dependency is down, try again: HTTP 503
  bad_gateway,  // an upstream answered with something that is not HTTP: HTTP 502
  cancelled,    // the caller went away or we are shutting down
  permission,   // not allowed
  internal,     // a defect or an environment failure: HTTP 500
};

// A field that was refused: `field` is a path as the client wrote it (`items[2].quantity`), `message` what is expected.
struct FieldError {
  std::string field;
  std::string message;
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;                                   // one sentence, no trailing newline, no secrets
  std::vector<FieldError> fields = {};                   // empty unless the caller's input is at fault
  std::optional<std::chrono::seconds> retry_after = {};  // set when trying again later can help
};

}  // namespace base
