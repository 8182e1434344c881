#pragma once
// How an error crosses the wire, whatever the transport: its code by name and its fields as JSON. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace chassis::rpc {

// `not_found`
std::string_view code_name(base::ErrorCode code);
std::optional<base::ErrorCode> code_from_name(std::string_view name);

// `[["items[2].quantity","must be at least 1"]]`; as many fields from the front as fit into `max_bytes`.
std::string encode_fields(const std::vector<base::FieldError>& fields, std::size_t max_bytes);
// Empty when the text is not of that form.
std::vector<base::FieldError> decode_fields(std::string_view text);

}  // namespace chassis::rpc
