#pragma once
// JSON to and from messages that are known at run time only, by the rules of the services' REST side
// (services/chassis/api/json_mapping.hpp): original field names, defaults printed, 64-bit numbers as JSON numbers, and
// every wrong type, unknown field, number out of range or second member of a oneof refused by its path. Beyond what is
// there: bytes as base64, NaN and infinities as strings, map keys of any type as text. Pure.

#include <google/protobuf/message.h>

#include "base/json.hpp"
#include "base/result.hpp"

namespace proto {

// Fills the empty `message`. Errors: malformed, with every offending field named.
base::Result<void> from_json(const base::Json& json, google::protobuf::Message& message);

// Unset messages and unset `optional` fields are left out. Errors: too_large, when there are more than
// `max_json_values` values: a few bytes of an empty message can stand for many defaults.
base::Result<base::Json> to_json(const google::protobuf::Message& message);
inline constexpr std::size_t max_json_values = 1'000'000;

// Errors: malformed, when the bytes are no such message or a required field is missing.
base::Result<void> from_bytes(std::string_view bytes, google::protobuf::Message& message);

}  // namespace proto
