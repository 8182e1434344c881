#include "cli/libexec/grpc/wire.hpp"
#include "base/base64.hpp"

#include <algorithm>
#include <array>

namespace grpc_program {
namespace {

constexpr std::array<std::string_view, 17> names = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

bool is_key(std::string_view key) {
  return !key.empty() && !key.starts_with("grpc-") && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

base::Result<std::string> value_of(const std::string& key, const base::Json& json) {
  if (!json.is_string()) return base::fail(base::ErrorCode::malformed, "metadata." + key + ": must be a string");
  auto text = json.get<std::string>();
  if (key.ends_with("-bin")) {
    auto bytes = base::from_base64(text);
    if (!bytes) return base::fail(base::ErrorCode::malformed, "metadata." + key + ": must be base64");
    return std::move(bytes).value();
  }
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; })) {
    return base::fail(base::ErrorCode::malformed, "metadata." + key + ": must be printable ASCII");
  }
  return text;
}

}  // namespace

std::string code_name(int code) {
  return std::string(code >= 0 && code < static_cast<int>(names.size()) ? names[static_cast<std::size_t>(code)]
                                                                        : names[2]);
}

std::optional<int> code_of(const base::Json& status) {
  if (status.is_number_integer() && status >= 0 && status < names.size()) return status.get<int>();
  if (!status.is_string()) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), status.get<std::string>());
  if (found == names.end()) return std::nullopt;
  return static_cast<int>(found - names.begin());
}

base::Result<Metadata> metadata_from(const base::Json& json) {
  Metadata metadata;
  if (json.is_null()) return metadata;
  if (!json.is_object()) return base::fail(base::ErrorCode::malformed, "metadata: must be an object");
  std::size_t size = 0;
  for (const auto& [name, values] : json.items()) {
    std::string key = name;
    std::transform(key.begin(), key.end(), key.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
    if (!is_key(key))
      return base::fail(base::ErrorCode::malformed, "metadata: '" + name + "' is no key of gRPC metadata");
    for (const auto& value : values.is_array() ? values : base::Json::array({values})) {
      TRY(auto text, value_of(key, value));
      size += key.size() + text.size() + 32;
      metadata.emplace_back(key, std::move(text));
    }
  }
  if (size > max_metadata_bytes) return base::fail(base::ErrorCode::too_large, "metadata: has more than 8 KiB");
  return metadata;
}

void add_metadata(base::Json& json, std::string_view key, std::string_view value) {
  auto& values = json[std::string(key)];
  if (values.is_null()) values = base::Json::array();
  values.push_back(key.ends_with("-bin") ? base::to_base64(value) : std::string(value));
}

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.Valid() || !buffer.DumpToSingleSlice(&slice).ok()) return {};
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

grpc::ByteBuffer buffer_of(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

}  // namespace grpc_program
