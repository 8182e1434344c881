#include "supervisor/registry/fields.hpp"

#include <algorithm>

namespace registry {
namespace {

std::string folded(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c != '_') text += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return text;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 32 || c == 127; });
}

}  // namespace

Fields::Fields(const base::Json& json, std::string path) : json_(json), path_(std::move(path)) {
  if (!json_.is_object()) refuse(std::string("expected an object, got ") + json_.type_name());
}

const base::Json* Fields::find(const char* name) const {
  if (!json_.is_object()) return nullptr;
  const std::string wanted = folded(name);
  for (const auto& [key, value] : json_.items()) {
    if (folded(key) == wanted && !value.is_null()) return &value;
  }
  return nullptr;
}

void Fields::text(const char* name, std::string& out, std::size_t most) {
  const auto* value = find(name);
  if (value == nullptr) return;
  if (!value->is_string()) return wrong(name, "a string", *value);
  out = value->get<std::string>();
  if (out.size() > most) refuse(std::string(name) + ": longer than " + std::to_string(most) + " bytes");
}

void Fields::word(const char* name, std::string& out) {
  text(name, out, max_name_bytes);
  if (has_control(out)) refuse(std::string(name) + ": control characters are not allowed");
}

void Fields::number(const char* name, std::int64_t least, std::int64_t most, int& out) {
  const auto* value = find(name);
  if (value == nullptr) return;
  if (!value->is_number_integer()) return wrong(name, "a whole number", *value);
  const bool huge = value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(most);
  if (huge || value->get<std::int64_t>() < least || value->get<std::int64_t>() > most) {
    return refuse(std::string(name) + ": expected " + std::to_string(least) + " to " + std::to_string(most));
  }
  out = value->get<int>();
}

void Fields::flag(const char* name, bool& out) {
  const auto* value = find(name);
  if (value == nullptr) return;
  if (!value->is_boolean()) return wrong(name, "true or false", *value);
  out = value->get<bool>();
}

void Fields::duration(const char* name, Ms& out) {
  const auto* value = find(name);
  if (value == nullptr) return;
  if (value->is_number_integer()) {
    const std::chrono::nanoseconds given(value->get<std::int64_t>());
    // Rounded up: what is below a millisecond must not become "none".
    out = given < given.zero() ? Ms(-1) : std::chrono::ceil<Ms>(given);
  } else if (!value->is_string()) {
    return wrong(name, "a duration such as \"10s\"", *value);
  } else if (value->get_ref<const std::string&>().empty()) {
    out = Ms(0);
  } else if (const auto read = parse_duration(value->get_ref<const std::string&>())) {
    out = *read;
  } else {
    return wrong(name, "a duration such as \"10s\"", *value);
  }
  if (out < Ms(0)) refuse(std::string(name) + ": must not be negative");
}

void Fields::texts(const char* name, std::vector<std::string>& out) {
  const auto* value = find(name);
  if (value == nullptr) return;
  if (!value->is_array()) return wrong(name, "a list of strings", *value);
  if (value->size() > max_entries) return refuse(std::string(name) + ": more than " + std::to_string(max_entries));
  for (const auto& each : *value) {
    if (!each.is_string()) return wrong(name, "a list of strings", each);
    out.push_back(each.get<std::string>());
    if (out.back().size() > max_name_bytes || has_control(out.back())) {
      return refuse(std::string(name) + ": expected one line of at most " + std::to_string(max_name_bytes) + " bytes");
    }
  }
}

void Fields::pairs(const char* name, std::map<std::string, std::string>& out) {
  constexpr std::size_t key_bytes = 128;  // Consul's limits
  constexpr std::size_t value_bytes = 512;
  const auto* value = find(name);
  if (value == nullptr) return;
  if (!value->is_object()) return wrong(name, "an object of strings", *value);
  if (value->size() > max_entries) return refuse(std::string(name) + ": more than " + std::to_string(max_entries));
  for (const auto& [key, each] : value->items()) {
    if (!each.is_string()) return wrong(name, "an object of strings", each);
    out[key] = each.get<std::string>();
    if (key.empty() || key.size() > key_bytes || out[key].size() > value_bytes) {
      return refuse(std::string(name) + ": expected keys of 1 to " + std::to_string(key_bytes) +
                    " bytes and values of at most " + std::to_string(value_bytes));
    }
  }
}

void Fields::refuse(std::string message) {
  if (!error_) error_ = base::fail(base::ErrorCode::malformed, "Request decode failed: " + path_ + std::move(message));
}

void Fields::wrong(const char* name, const char* expected, const base::Json& got) {
  refuse(std::string(name) + ": expected " + expected + ", got " + got.type_name());
}

}  // namespace registry
