#include "cli/schema/sound.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "base/event_keywords.hpp"
#include "cli/schema/shape.hpp"
#include "supervisor/spec/suggest.hpp"

namespace schema {
namespace {

using base::Json;
using Names = std::set<std::string>;

const Names types = {"object", "array", "string", "boolean", "number", "integer", "null"};
const Names schemas = {"additionalProperties",
                       "unevaluatedProperties",
                       "propertyNames",
                       "additionalItems",
                       "unevaluatedItems",
                       "contains",
                       "not",
                       "if",
                       "then",
                       "else"};
const Names lists_of_schemas = {"allOf", "anyOf", "oneOf", "prefixItems"};
const Names maps_of_schemas = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"};
const Names numbers = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"};
const Names counts = {"minLength",   "maxLength",   "minItems",      "maxItems",
                      "minContains", "maxContains", "minProperties", "maxProperties"};
const Names texts = {"$id", "$anchor", "$dynamicAnchor", "pattern", "format"};
const Names references = {"$ref", "$dynamicRef", "$recursiveRef"};
const Names others = {"type",
                      "enum",
                      "const",
                      "required",
                      "items",
                      "uniqueItems",
                      "dependencies",
                      "dependentRequired",
                      "$schema",
                      "$vocabulary",
                      "$recursiveAnchor",
                      "$comment",
                      "title",
                      "description",
                      "default",
                      "examples",
                      "deprecated",
                      "readOnly",
                      "writeOnly",
                      "contentEncoding",
                      "contentMediaType",
                      "contentSchema"};

bool is_list_of_texts(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& each) { return each.is_string(); });
}

bool is_type(const Json& value) { return value.is_string() && types.contains(value.get<std::string>()); }

const std::vector<std::string>& all_keywords() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> list;
    for (const Names* names :
         {&schemas, &lists_of_schemas, &maps_of_schemas, &numbers, &counts, &texts, &references, &others}) {
      list.insert(list.end(), names->begin(), names->end());
    }
    return list;
  }();
  return all;
}

class Reader {
 public:
  Reader(const Json& document, bool for_chassis) : document_(document), for_chassis_(for_chassis) {}

  base::Result<void> draft() const {
    const Json* given = member(document_, "$schema");
    if (given == nullptr) return base::success();
    auto name = given->is_string() ? given->get<std::string>() : std::string();
    if (name.ends_with('#')) name.pop_back();
    for (const char* known :
         {"http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema",
          "https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema"}) {
      if (name == known) return base::success();
    }
    return wrong("/$schema",
                 "expected draft 7, 2019-09 or 2020-12, as in https://json-schema.org/draft/2020-12/schema");
  }

  base::Result<void> schema(const Json& json, const std::string& where) const {
    if (json.is_boolean()) return base::success();
    if (!json.is_object()) return wrong(where, "expected a schema");
    for (const auto& [key, value] : json.items()) {
      TRY(keyword(key, value, where + "/" + key));
    }
    return base::success();
  }

 private:
  static base::Error wrong(const std::string& where, const std::string& what) {
    return base::fail(base::ErrorCode::malformed, "#" + where + ": " + what);
  }

  base::Result<void> keyword(const std::string& key, const Json& value, const std::string& where) const {
    TRY(known(key, where));
    if (schemas.contains(key)) return schema(value, where);
    if (lists_of_schemas.contains(key)) return list(value, where);
    if (maps_of_schemas.contains(key)) return map(value, where);
    if (key == "items") return value.is_array() ? list(value, where) : schema(value, where);
    if (key == "dependencies" || key == "dependentRequired") return dependencies(key, value, where);
    if (references.contains(key)) return reference(value, where);
    if (key == "type") {
      const bool good =
          is_type(value) || (value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_type));
      return expect(good, where, "expected object, array, string, number, integer, boolean or null, or a list of them");
    }
    if (key == "required") return expect(is_list_of_texts(value), where, "expected a list of names");
    if (key == "enum") return expect(value.is_array() && !value.empty(), where, "expected a list of values");
    if (key == "uniqueItems") return expect(value.is_boolean(), where, "expected true or false");
    if (numbers.contains(key)) {
      const bool good = value.is_number() && (key != "multipleOf" || value > Json(0));
      return expect(good, where, key == "multipleOf" ? "expected a number above 0" : "expected a number");
    }
    if (counts.contains(key)) {
      const bool good = value.is_number_unsigned() || (value.is_number() && value >= Json(0) && is_whole(value));
      return expect(good, where, "expected a whole number of 0 or more");
    }
    if (texts.contains(key)) return expect(value.is_string(), where, "expected a text");
    return base::success();  // it only explains
  }

  base::Result<void> known(const std::string& key, const std::string& where) const {
    if (for_chassis_ && !base::is_event_keyword(key)) {
      return wrong(where,
                   "a service on the chassis does not start with this keyword, which it does not check; use those that "
                   "services/chassis/event_schema/event_schema.hpp names");
    }
    const auto& all = all_keywords();
    if (key.starts_with("x-") || std::find(all.begin(), all.end(), key) != all.end()) return base::success();
    const auto near = spec::nearest(key, all);
    return wrong(where, "JSON Schema has no such keyword" +
                            (near.empty() ? "; a note of your own begins with x-" : "; did you mean " + near + "?"));
  }

  static bool is_whole(const Json& number) {
    const auto value = number.get<double>();
    return value == static_cast<double>(static_cast<std::int64_t>(std::min(value, 1e15)));
  }

  static base::Result<void> expect(bool good, const std::string& where, const std::string& what) {
    if (!good) return wrong(where, what);
    return base::success();
  }

  base::Result<void> list(const Json& value, const std::string& where) const {
    if (!value.is_array() || value.empty()) return wrong(where, "expected a list of schemas");
    for (std::size_t i = 0; i < value.size(); ++i) {
      TRY(schema(value[i], where + "/" + std::to_string(i)));
    }
    return base::success();
  }

  base::Result<void> map(const Json& value, const std::string& where) const {
    if (!value.is_object()) return wrong(where, "expected a map of schemas by name");
    for (const auto& [name, part] : value.items()) {
      TRY(schema(part, where + "/" + name));
    }
    return base::success();
  }

  base::Result<void> dependencies(const std::string& key, const Json& value, const std::string& where) const {
    if (!value.is_object()) return wrong(where, "expected a map by name");
    for (const auto& [name, part] : value.items()) {
      if (is_list_of_texts(part)) continue;
      if (key == "dependentRequired") return wrong(where + "/" + name, "expected a list of names");
      TRY(schema(part, where + "/" + name));
    }
    return base::success();
  }

  base::Result<void> reference(const Json& value, const std::string& where) const {
    if (!value.is_string()) return wrong(where, "expected a reference");
    const auto& text = value.get_ref<const std::string&>();
    const Json* target = target_of(document_, text);
    if (target == nullptr && !text.starts_with("#")) {
      return wrong(where, "\"" + text +
                              "\" leads out of this file; only references within it are followed, as in "
                              "#/$defs/money");
    }
    if (target == nullptr) return wrong(where, "\"" + text + "\" leads nowhere");
    std::set<const Json*> seen;
    for (const Json* at = target; at != nullptr;) {
      if (!seen.insert(at).second) return wrong(where, "\"" + text + "\" leads back to itself");
      const auto* next = reference_of(*at);
      at = next == nullptr ? nullptr : target_of(document_, *next);
    }
    return base::success();
  }

  const Json& document_;
  bool for_chassis_;
};

}  // namespace

base::Result<void> check_sound(const Json& schema) {
  const Reader reader(schema, false);
  TRY(reader.draft());
  return reader.schema(schema, "");
}

base::Result<void> check_for_chassis(const Json& schema) { return Reader(schema, true).schema(schema, ""); }

}  // namespace schema
