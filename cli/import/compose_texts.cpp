#include "cli/import/compose_texts.hpp"

#include <algorithm>

namespace cli {
namespace {

using base::Json;

bool is_name_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view name_at(std::string_view text) {
  return text.substr(0,
                     static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_name_part) - text.begin()));
}

// What stands between `${` and `}`.
std::string one_variable(std::string_view inner, bool replace, std::string& problem) {
  const std::string name(name_at(inner));
  std::string_view rest = inner.substr(name.size());
  const bool is_colon = !rest.empty() && rest.front() == ':';
  const std::string_view modifier = is_colon ? rest.substr(1) : rest;
  const char kind = modifier.empty() ? '\0' : modifier.front();
  if (name.empty() || (kind != '\0' && kind != '-' && kind != '?') || (is_colon && kind == '\0') ||
      inner.find('$', 1) != std::string_view::npos) {
    problem = "${" + std::string(inner) + "} has no equivalent";
    return "";
  }
  const std::string fallback(kind == '-' ? modifier.substr(1) : std::string_view());
  if (replace) return "${env:" + name + (kind == '?' ? "}" : ":-" + fallback + "}");
  problem = "msctl replaces no ${" + name + "} here; it has become " + (fallback.empty() ? "nothing" : fallback);
  return fallback;
}

}  // namespace

std::string interpolated(std::string_view text, bool replace, std::string& problem) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.size() < 2) return out + std::string(text);
    if (text[1] == '$') {
      // A dollar and a brace would be taken for a replacement of ours.
      out += replace && text.size() > 2 && text[2] == '{' ? "$$" : "$";
      text.remove_prefix(2);
    } else if (text[1] == '{') {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) {
        problem = "a ${ without its }";
        return out;
      }
      out += one_variable(text.substr(2, end - 2), replace, problem);
      text.remove_prefix(end + 1);
    } else if (const std::string_view name = name_at(text.substr(1)); !name.empty()) {
      out += one_variable(name, replace, problem);
      text.remove_prefix(1 + name.size());
    } else {
      out += '$';
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string plain_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() || value.is_structured() ? "" : value.dump();
}

Json with_merge_keys(const Json& value) {
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& item : value) list.push_back(with_merge_keys(item));
    return list;
  }
  if (!value.is_object()) return value;
  Json map = Json::object();
  for (const auto& [key, item] : value.items()) {
    if (key != "<<") map[key] = with_merge_keys(item);
  }
  if (!value.contains("<<")) return map;
  const Json merged = with_merge_keys(value["<<"]);
  for (const Json& source : merged.is_array() ? merged : Json::array({merged})) {
    if (!source.is_object()) continue;
    for (const auto& [key, item] : source.items()) {
      if (!map.contains(key)) map[key] = item;
    }
  }
  return map;
}

std::optional<std::string> memory_size(const Json& value) {
  std::string text = plain_text(value);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  if (text.ends_with('B')) text.pop_back();
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const bool is_size = digits > 0 && digits <= 12 && text.size() <= digits + 1 &&
                       (digits == text.size() || std::string_view("KMGT").find(text.back()) != std::string_view::npos);
  return is_size ? std::optional(text) : std::nullopt;
}

std::map<std::string, Json> name_values(const Json& value) {
  std::map<std::string, Json> map;
  if (value.is_object()) {
    for (const auto& [name, one] : value.items()) map[name] = one;
  } else if (value.is_array()) {
    for (const Json& one : value) {
      const std::string text = plain_text(one);
      const std::size_t equals = text.find('=');
      map[text.substr(0, equals)] = equals == std::string::npos ? Json() : Json(text.substr(equals + 1));
    }
  }
  return map;
}

}  // namespace cli
