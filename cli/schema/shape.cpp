#include "cli/schema/shape.hpp"

#include <algorithm>
#include <set>

namespace schema {
namespace {

using base::Json;

constexpr int max_references = 64;
constexpr int max_depth = 64;  // of base::parse_json

bool has_any(const Json& schema, std::initializer_list<const char*> keys) {
  return std::any_of(keys.begin(), keys.end(), [&schema](const char* key) { return schema.contains(key); });
}

// A name that a schema within the document gives itself; draft 7 wrote it as an $id.
const Json* find_anchor(const Json& json, const std::string& name, int depth = 0) {
  if (depth > max_depth) return nullptr;
  for (const char* key : {"$anchor", "$dynamicAnchor"}) {
    if (const Json* anchor = member(json, key); anchor != nullptr && *anchor == Json(name)) return &json;
  }
  if (const Json* id = member(json, "$id"); id != nullptr && *id == Json("#" + name)) return &json;
  if (!json.is_structured()) return nullptr;
  for (const auto& part : json) {
    if (const Json* found = find_anchor(part, name, depth + 1)) return found;
  }
  return nullptr;
}

Json strip(const Json& schema, bool names) {
  static const std::set<std::string> annotations = {"title",      "description", "examples", "$comment",
                                                    "deprecated", "readOnly",    "writeOnly"};
  static const std::set<std::string> maps = {"properties",       "patternProperties", "$defs",       "definitions",
                                             "dependentSchemas", "dependentRequired", "dependencies"};
  static const std::set<std::string> values = {"enum", "const", "default"};
  if (schema.is_array()) {
    Json list = Json::array();
    for (const auto& each : schema) list.push_back(strip(each, false));
    return list;
  }
  if (!schema.is_object()) return schema;
  std::map<std::string, Json> kept;  // in an order of its own: that of keys means nothing
  for (const auto& [key, value] : schema.items()) {
    if (!names && annotations.contains(key)) continue;
    kept[key] = !names && values.contains(key) ? value : strip(value, !names && maps.contains(key));
  }
  Json object = Json::object();
  for (auto& [key, value] : kept) object[key] = std::move(value);
  return object;
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

const std::string* reference_of(const Json& schema) {
  for (const char* key : {"$ref", "$dynamicRef", "$recursiveRef"}) {
    const Json* reference = member(schema, key);
    if (reference != nullptr && reference->is_string()) return &reference->get_ref<const std::string&>();
  }
  return nullptr;
}

const Json* target_of(const Json& document, const std::string& reference) {
  const auto mark = std::min(reference.find('#'), reference.size());
  if (mark > 0) {
    const Json* id = member(document, "$id");
    if (id == nullptr || *id != Json(reference.substr(0, mark))) return nullptr;
  }
  const auto fragment = mark < reference.size() ? reference.substr(mark + 1) : std::string();
  if (fragment.empty()) return &document;
  if (fragment[0] != '/') return find_anchor(document, fragment);
  try {
    const Json::json_pointer pointer(fragment);
    return document.contains(pointer) ? &document[pointer] : nullptr;
  } catch (const Json::exception&) {
    return nullptr;
  }
}

Json without_annotations(const Json& schema) { return strip(schema, false); }

// Draft 7 ignores what stands beside a reference; later ones demand both.
bool Shapes::narrows_reference(const Json& schema) const {
  static const std::set<std::string> idle = {"$ref",  "$dynamicRef", "$recursiveRef", "$id",      "$schema",
                                             "$defs", "definitions", "$anchor",       "$comment", "$dynamicAnchor"};
  const Json* draft = member(document_, "$schema");
  if (draft != nullptr && draft->is_string() &&
      draft->get_ref<const std::string&>().find("draft-07") != std::string::npos)
    return false;
  const Json demands = without_annotations(schema);
  return std::any_of(demands.items().begin(), demands.items().end(),
                     [](const auto& each) { return !idle.contains(each.key()) && each.key() != "default"; });
}

const Shape& Shapes::of(const Json& schema) {
  const Json* at = &schema;
  for (int step = 0; const std::string* reference = reference_of(*at); ++step) {
    if (narrows_reference(*at)) break;
    at = step < max_references ? target_of(document_, *reference) : nullptr;
    if (at == nullptr) return keep({Kind::anything, nullptr, {}, {}, {}, false});
  }
  if (const auto found = known_.find(at); found != known_.end()) return *found->second;
  const std::string* reference = reference_of(*at);
  const Json* target = reference == nullptr ? nullptr : target_of(document_, *reference);
  const Shape& made =
      target == nullptr ? make(*at) : keep({Kind::combined, at, "allOf", {target}, {&make(*at)}, false});
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
                 "dependentRequired", "dependentSchemas", "patternProperties", "propertyNames", "if"})) {
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
