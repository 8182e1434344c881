#pragma once
// Descriptors as the JSON document that cli/libexec/grpc/README.md describes. Pure.

#include "base/json.hpp"
#include "cli/libexec/proto/schema.hpp"

namespace proto {

base::Json describe(const Schema& schema, bool with_imports);

}  // namespace proto
