#include "cli/contract/descriptors.hpp"

#include <utility>

namespace contract {
namespace {

using base::Json;

const Json& member(const Json& object, const char* key) {
  static const Json nothing = Json::array();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : nothing;
}

std::string text(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace

Descriptors::Descriptors(Json document) : document_(std::move(document)) {
  for (const Json& file : member(document_, "files")) index(file);
}

void Descriptors::index(const Json& holder) {
  for (const Json& one : member(holder, "enums")) {
    const Json& values = member(one, "values");
    for (const Json& value : values) {
      if (member(value, "number") == Json(0)) first_values_.emplace(text(one, "full_name"), text(value, "name"));
    }
  }
  for (const Json& message : member(holder, "messages")) {
    messages_[text(message, "full_name")] = &message;
    index(message);
  }
}

std::optional<Descriptors::Method> Descriptors::method(const std::string& wanted) const {
  const std::string tail = "." + wanted;
  for (const Json& file : member(document_, "files")) {
    for (const Json& service : member(file, "services")) {
      for (const Json& method : member(service, "methods")) {
        const std::string path = text(method, "path");
        if (("." + path).ends_with(tail)) return Method{path, text(method, "input"), text(method, "output")};
      }
    }
  }
  return std::nullopt;
}

bool Descriptors::is_unsaid(const Json& field, const Json& value) const {
  const std::string presence = text(field, "presence");
  if (presence == "repeated") return value.empty();
  if (presence != "implicit") return false;
  if (text(field, "type") == "enum") {
    const auto first = first_values_.find(text(field, "type_name"));
    return first != first_values_.end() && value == Json(first->second);
  }
  return value == Json("") || value == Json(false) || (value.is_number() && value.get<double>() == 0);
}

Json Descriptors::only_said(const std::string& message, Json example) const {
  const auto known = messages_.find(message);
  if (known == messages_.end() || !example.is_object()) return example;
  for (const Json& field : member(*known->second, "fields")) {
    const std::string name = text(field, "name");
    const auto found = example.find(name);
    if (found == example.end()) continue;
    if (is_unsaid(field, *found)) {
      example.erase(name);
      continue;
    }
    const Json& map = member(field, "map");
    const bool holds_messages = text(field, "type") == "message" || text(field, "type") == "group";
    const std::string type = map.is_object() && !map.empty() ? text(map, "value_type_name") : text(field, "type_name");
    if (found->is_array() || (map.is_object() && !map.empty())) {
      for (Json& one : *found) one = only_said(type, std::move(one));
    } else if (holds_messages) {
      *found = only_said(type, std::move(*found));
    }
  }
  return example;
}

}  // namespace contract
