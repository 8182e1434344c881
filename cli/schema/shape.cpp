#include "cli/schema/shape.hpp"

#include <algorithm>

namespace schema {
namespace {

using base::Json;

constexpr int max_references = 64;

bool has_any(const Json& schema, std::initializer_list<const char*> keys) {
  return std::any_of(keys.begin(), keys.end(), [&schema](const char* key) { return schema.contains(key); });
}

Kind kind_of(const std::string& type) {
  if (type == "string") return Kind::string;
  if (type == "number" || type == "integer") return Kind::number;
  if (type == "boolean") return Kind::boolean;
  if (type == "null") return Kind::null;
  if (type == "array") return Kind::array;
  return type == "object" ? Kind::object : Kind::nothing;
}

}  // namespace

const Json* member(const Json& json, const char* key) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(key);
  return found == json.end() ? nullptr : &*found;
}

const Json* follow(const Json& document, const Json& schema) {
  const Json* at = &schema;
  for (int step = 0; step < max_references; ++step) {
    const Json* reference = member(*at, "$ref");
    if (reference == nullptr) return at;
    if (!reference->is_string()) return nullptr;
    const auto& text = reference->get_ref<const std::string&>();
    if (text == "#") {
      at = &document;
      continue;
    }
    if (!text.starts_with("#/")) return nullptr;
    try {
      const Json::json_pointer pointer(text.substr(1));
      if (!document.contains(pointer)) return nullptr;
      at = &document[pointer];
    } catch (const Json::exception&) {
      return nullptr;
    }
  }
  return nullptr;
}

const Shape& Shapes::of(const Json& schema) {
  const Json* at = follow(document_, schema);
  if (at == nullptr) return keep({Kind::anything, nullptr, {}, {}, {}, false});
  if (const auto found = known_.find(at); found != known_.end()) return *found->second;
  const Shape& made = make(*at);
  known_[at] = &made;
  return made;
}

void Shapes::add_types(const Json& schema, std::vector<const Shape*>& demands) {
  const auto typed = [&](Kind kind, bool integer) { return &keep({kind, &schema, {}, {}, {}, integer}); };
  if (const Json* type = member(schema, "type"); type != nullptr && type->is_string()) {
    demands.push_back(typed(kind_of(*type), *type == "integer"));
  } else if (type != nullptr && type->is_array()) {
    Shape either{Kind::combined, &schema, "anyOf", {}, {}, false};
    for (const auto& each : *type) {
      if (each.is_string()) either.synthetic.push_back(typed(kind_of(each), each == "integer"));
    }
    demands.push_back(either.synthetic.size() == 1 ? either.synthetic.front() : &keep(std::move(either)));
  } else {
    if (has_any(schema, {"minLength", "maxLength", "pattern", "format"})) demands.push_back(typed(Kind::string, false));
    if (has_any(schema, {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})) {
      demands.push_back(typed(Kind::number, false));
    }
    if (has_any(schema,
                {"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"})) {
      demands.push_back(typed(Kind::array, false));
    }
    if (has_any(schema,
                {"properties", "required", "additionalProperties", "minProperties", "maxProperties", "dependencies",
                 "dependentRequired", "dependentSchemas", "patternProperties", "propertyNames"})) {
      demands.push_back(typed(Kind::object, false));
    }
  }
}

const Shape& Shapes::make(const Json& schema) {
  if (schema.is_boolean()) return keep({schema == true ? Kind::anything : Kind::nothing, &schema, {}, {}, {}, false});
  if (!schema.is_object()) return keep({Kind::anything, nullptr, {}, {}, {}, false});
  std::vector<const Shape*> demands;
  for (const char* criterion : {"allOf", "anyOf", "oneOf"}) {
    const Json* list = member(schema, criterion);
    if (list == nullptr || !list->is_array()) continue;
    Shape combined{Kind::combined, &schema, criterion, {}, {}, false};
    for (const auto& part : *list) combined.parts.push_back(&part);
    demands.push_back(&keep(std::move(combined)));
  }
  if (const Json* part = member(schema, "not"))
    demands.push_back(&keep({Kind::negated, &schema, {}, {part}, {}, false}));
  if (schema.contains("enum")) demands.push_back(&keep({Kind::choice, &schema, {}, {}, {}, false}));
  if (schema.contains("const")) demands.push_back(&keep({Kind::constant, &schema, {}, {}, {}, false}));
  add_types(schema, demands);
  if (demands.empty()) return keep({Kind::anything, &schema, {}, {}, {}, false});
  if (demands.size() == 1) return *demands.front();
  return keep({Kind::combined, &schema, "allOf", {}, std::move(demands), false});
}

std::vector<const Shape*> Shapes::parts(const Shape& shape) {
  std::vector<const Shape*> all = shape.synthetic;
  for (const Json* part : shape.parts) all.push_back(&of(*part));
  return all;
}

}  // namespace schema
