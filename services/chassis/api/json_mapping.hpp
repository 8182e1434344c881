#pragma once
// JSON bodies and query parameters to and from protobuf messages, strictly: original field names, defaults printed,
// 64-bit numbers as JSON numbers, and every wrong type, unknown field or number out of range refused by its path.
// (protobuf's own JSON reader accepts single quotes, trailing commas, numbers as strings and more; see ADR 0002.)
// Pure functions. Supported: scalars, enums by name, messages, repeated fields and maps with string keys.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>

#include "base/json.hpp"
#include "base/result.hpp"

namespace chassis {

using ProtoMessage = google::protobuf::Message;

// What becomes of fields that the message does not have. A client's mistake is refused; what another service publishes
// may have fields that came later than this reader.
enum class Unknown : std::uint8_t { refuse, ignore };

// Fills `message` from a JSON object. Errors: malformed, with every offending field named.
base::Result<void> from_json(const base::Json& json, ProtoMessage& message, Unknown unknown = Unknown::refuse);

// Sets one scalar field from text (a path or query parameter). Errors: malformed, naming the field.
base::Result<void> set_from_text(ProtoMessage& message, std::string_view field, std::string_view text);

// Every field, defaults included; unset messages and unset `optional` fields are left out.
base::Json to_json(const ProtoMessage& message);

// The text of a scalar field, for links such as /users/{id}; empty when there is no such field.
std::string field_text(const ProtoMessage& message, std::string_view field);

}  // namespace chassis
