// An example of what a schema describes, made of the keywords that it understands; any other gives none, since it might
// refuse the example.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/pact/generators.hpp"
#include "base/pattern/pattern.hpp"
#include "cli/scaffold/event_schemas.hpp"

namespace scaffold {
namespace {

using base::Json;
using Example = std::optional<Json>;

constexpr int deepest = 20;
constexpr std::size_t longest_list = 10;
constexpr double longest_text = 200;
constexpr double largest_number = 1e15;
constexpr std::size_t longest_example = 2'000;

// The same text of a regular expression each time.
class First final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::fill(bytes.begin(), bytes.end(), std::uint8_t{0}); }
};

const std::set<std::string>& annotations() {
  static const std::set<std::string> names{"$schema", "$id",      "$comment", "$defs",      "title",    "description",
                                           "default", "examples", "format",   "deprecated", "readOnly", "writeOnly"};
  return names;
}

const Json* member(const Json& schema, const char* name) {
  const auto found = schema.find(name);
  return found == schema.end() ? nullptr : &*found;
}

double number(const Json& schema, const char* name, double otherwise) {
  const Json* value = member(schema, name);
  return value == nullptr ? otherwise : value->get<double>();
}

std::string of_format(const Json& schema) {
  const auto format = schema.value("format", "");
  if (format == "uuid") return "01234567-89ab-7def-8123-456789abcdef";
  if (format == "date-time") return "2026-01-01T00:00:00Z";
  if (format == "date") return "2026-01-01";
  if (format == "email") return "ann@example.com";
  if (format == "uri") return "https://example.com/";
  return "";
}

class Maker {
 public:
  explicit Maker(const Json& document) : document_(document) {}

  Example make(const Json& schema, int depth) const {
    if (depth > deepest || schema == Json(false)) return std::nullopt;
    if (schema.is_boolean()) return Json::object();
    // Whatever stands beside these three would have to hold as well.
    if (const Json* same = member(schema, "$ref"); same != nullptr && only(schema, {"$ref"})) {
      const auto& text = same->get_ref<const std::string&>();
      return make(text == "#" ? document_ : document_.at(Json::json_pointer(text.substr(1))), depth + 1);
    }
    if (const Json* parts = member(schema, "anyOf"); parts != nullptr && only(schema, {"anyOf"})) {
      return make(parts->at(0), depth + 1);
    }
    if (const Json* only_one = member(schema, "const"); only_one != nullptr && only(schema, {"const", "type"})) {
      return *only_one;
    }
    if (const Json* choices = member(schema, "enum"); choices != nullptr && only(schema, {"enum", "type"})) {
      return choices->at(0);
    }
    const auto type = type_of(schema);
    if (type == "string") return text(schema);
    if (type == "integer" || type == "number") return amount(schema);
    if (type == "array") return list(schema, depth);
    if (type == "object") return object(schema, depth);
    if (type == "boolean" && only(schema, {"type"})) return Json(true);
    if (type == "null" && only(schema, {"type"})) return Json();
    return std::nullopt;
  }

 private:
  // Whether it demands nothing but by these keywords.
  static bool only(const Json& schema, const std::set<std::string>& keywords) {
    const auto items = schema.items();
    return std::all_of(items.begin(), items.end(), [&](const auto& item) {
      return keywords.contains(item.key()) || annotations().contains(item.key());
    });
  }

  static std::string type_of(const Json& schema) {
    const Json* type = member(schema, "type");
    if (type == nullptr) return "object";  // anything goes, unless another keyword is in the way
    if (type->is_string()) return type->get<std::string>();
    for (const auto& one : *type) {
      if (one != "null") return one.get<std::string>();
    }
    return "null";
  }

  static Example text(const Json& schema) {
    if (!only(schema, {"type", "minLength", "maxLength", "pattern"})) return std::nullopt;
    const double least = number(schema, "minLength", 0);
    if (least > longest_text) return std::nullopt;
    std::string made = of_format(schema);
    if (made.empty()) made = std::string(static_cast<std::size_t>(std::max(least, 1.0)), 'x');
    if (const Json* pattern = member(schema, "pattern")) {
      const auto& expression = pattern->get_ref<const std::string&>();
      const auto compiled = base::Pattern::make(expression);
      First first;
      const auto fitting = base::pact::text_for_regex(expression, first);
      if (!compiled || !fitting) return std::nullopt;
      if (!compiled.value().found_in(made)) made = fitting.value();
      if (!compiled.value().found_in(made)) return std::nullopt;
    }
    const auto length = static_cast<double>(made.size());
    if (length < least || length > number(schema, "maxLength", longest_text)) return std::nullopt;
    return Json(made);
  }

  static Example amount(const Json& schema) {
    if (!only(schema, {"type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})) return std::nullopt;
    double made = 1;
    made = std::min(made, std::floor(number(schema, "maximum", made)));
    made = std::min(made, std::ceil(number(schema, "exclusiveMaximum", made + 1)) - 1);
    made = std::max(made, std::ceil(number(schema, "minimum", made)));
    made = std::max(made, std::floor(number(schema, "exclusiveMinimum", made - 1)) + 1);
    const bool is_low = made <= number(schema, "maximum", made) && made < number(schema, "exclusiveMaximum", made + 1);
    if (!is_low || std::abs(made) > largest_number) return std::nullopt;
    return Json(static_cast<std::int64_t>(made));
  }

  Example list(const Json& schema, int depth) const {
    if (!only(schema, {"type", "items", "minItems", "maxItems", "uniqueItems"})) return std::nullopt;
    const auto least = static_cast<std::size_t>(number(schema, "minItems", 0));
    if (least > longest_list || (least > 1 && schema.value("uniqueItems", false))) return std::nullopt;
    Json made = Json::array();
    if (least == 0) return made;
    const Json* items = member(schema, "items");
    const auto item = items == nullptr ? Example(Json::object()) : make(*items, depth + 1);
    if (!item) return std::nullopt;
    for (std::size_t i = 0; i < least; ++i) made.push_back(*item);
    return made;
  }

  Example object(const Json& schema, int depth) const {
    if (!only(schema, {"type", "properties", "required", "additionalProperties"})) return std::nullopt;
    Json made = Json::object();
    const Json* properties = member(schema, "properties");
    const Json* others = member(schema, "additionalProperties");
    for (const auto& name : schema.value("required", Json::array())) {
      const auto& key = name.get_ref<const std::string&>();
      const Json* part = properties == nullptr ? nullptr : member(*properties, key.c_str());
      if (part == nullptr) part = others;
      const auto value = part == nullptr ? Example(Json("x")) : make(*part, depth + 1);
      if (!value) return std::nullopt;
      made[key] = *value;
    }
    return made;
  }

  const Json& document_;
};

}  // namespace

std::string example_of(const Json& schema) {
  try {
    const auto made = Maker(schema).make(schema, 0);
    if (!made) return "";
    auto text = base::dump_json(*made);
    const bool fits = text.size() <= longest_example && text.find(")json\"") == std::string::npos;
    return fits ? text : "";
  } catch (const Json::exception&) {  // a keyword with a value that it cannot have
    return "";
  }
}

}  // namespace scaffold
