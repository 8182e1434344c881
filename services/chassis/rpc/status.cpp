#include "services/chassis/rpc/status.hpp"

#include <array>
#include <utility>

#include "base/json.hpp"

namespace chassis::rpc {
namespace {

using base::ErrorCode;

constexpr std::array<std::pair<ErrorCode, std::string_view>, 13> names{{
    {ErrorCode::malformed, "malformed"},
    {ErrorCode::invalid, "invalid"},
    {ErrorCode::not_found, "not_found"},
    {ErrorCode::method, "method"},
    {ErrorCode::conflict, "conflict"},
    {ErrorCode::too_large, "too_large"},
    {ErrorCode::unsupported, "unsupported"},
    {ErrorCode::timeout, "timeout"},
    {ErrorCode::unavailable, "unavailable"},
    {ErrorCode::bad_gateway, "bad_gateway"},
    {ErrorCode::cancelled, "cancelled"},
    {ErrorCode::permission, "permission"},
    {ErrorCode::internal, "internal"},
}};
static_assert(static_cast<std::size_t>(ErrorCode::internal) + 1 == names.size(), "each code has a name");

}  // namespace

std::string_view code_name(ErrorCode code) {
  for (const auto& [known, name] : names) {
    if (known == code) return name;
  }
  return "internal";
}

std::optional<ErrorCode> code_from_name(std::string_view name) {
  for (const auto& [code, known] : names) {
    if (known == name) return code;
  }
  return std::nullopt;
}

std::string encode_fields(const std::vector<base::FieldError>& fields, std::size_t max_bytes) {
  std::string text = "[";
  for (const auto& field : fields) {
    const auto one = base::dump_json(base::Json::array({field.field, field.message}));
    if (text.size() + one.size() + 2 > max_bytes) break;
    if (text.size() > 1) text += ',';
    text += one;
  }
  return text += ']';
}

std::vector<base::FieldError> decode_fields(std::string_view text) {
  const auto document = base::parse_json(text);
  if (!document || !document.value().is_array()) return {};
  std::vector<base::FieldError> fields;
  for (const auto& pair : document.value()) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) return {};
    fields.push_back({pair[0].get<std::string>(), pair[1].get<std::string>()});
  }
  return fields;
}

}  // namespace chassis::rpc
