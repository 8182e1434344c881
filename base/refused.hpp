#pragma once
// An Error about fields of the caller's input.

#include <utility>
#include <vector>

#include "base/result.hpp"

namespace base {

// `fields` has at least one; the first is the message: `return refused(ErrorCode::invalid, {{"name", "is missing"}})`.
inline Error refused(ErrorCode code, std::vector<FieldError> fields) {
  Error error = fail(code, fields.front().field + ": " + fields.front().message);
  error.fields = std::move(fields);
  return error;
}

}  // namespace base
