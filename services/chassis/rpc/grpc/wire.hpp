#pragma once
// What the two sides of a gRPC call agree on: codes, names of metadata and what may stand in it. Pure but for
// log_as_json, and free of gRPC's heavy headers. Internal to rpc/grpc.

#include <string_view>

#include <grpcpp/support/status_code_enum.h>

#include "base/error.hpp"

namespace chassis::rpc {

inline constexpr auto code_key = "x-error-code";
inline constexpr auto fields_key = "x-error-fields-bin";
inline constexpr auto retry_key = "x-retry-after";
inline constexpr auto leaving_key = "x-going-away";
inline constexpr std::size_t max_fields_bytes = 4 * 1024;  // gRPC refuses more than 8 KiB of metadata in all
inline constexpr std::size_t max_text_bytes = 1024;        // of a message

grpc::StatusCode to_grpc(base::ErrorCode code);
// For a peer that sends no code of ours.
base::ErrorCode from_grpc(grpc::StatusCode code);

// gRPC writes its own complaints to standard error in a form of its own; from here on each is a JSON object a line, as
// all other logs are. For the whole process; may be called again.
void log_as_json();

// gRPC ends the process over metadata that HTTP/2 does not allow.
bool is_metadata(std::string_view name, std::string_view value);

}  // namespace chassis::rpc
