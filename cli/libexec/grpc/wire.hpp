#pragma once
// What both sides of a call need: names of status codes, metadata as JSON, bytes of gRPC's buffers. Pure.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/string_ref.h>

#include "base/json.hpp"
#include "base/result.hpp"

namespace grpc_program {

inline constexpr int max_message_bytes = 4 << 20;
inline constexpr std::size_t max_metadata_bytes = 8 << 10;  // of all of it, which is gRPC's own limit

// "NOT_FOUND"; "UNKNOWN" for what is no code.
std::string code_name(int code);
// By name or number; nothing when it is neither.
std::optional<int> code_of(const base::Json& status);

using Metadata = std::vector<std::pair<std::string, std::string>>;

// From an object of strings or lists of strings, base64 where the key ends in -bin. gRPC ends the process over metadata
// that HTTP/2 does not allow, so it is refused here. Errors: malformed.
base::Result<Metadata> metadata_from(const base::Json& json);

// Appends one value as metadata_from reads it, always as a list.
void add_metadata(base::Json& json, std::string_view key, std::string_view value);

template <class Map>
base::Json metadata_of(const Map& entries) {
  base::Json json = base::Json::object();
  for (const auto& [key, value] : entries) add_metadata(json, {key.data(), key.size()}, {value.data(), value.size()});
  return json;
}

std::string bytes_of(const grpc::ByteBuffer& buffer);
grpc::ByteBuffer buffer_of(const std::string& bytes);

}  // namespace grpc_program
