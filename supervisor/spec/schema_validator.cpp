#include "supervisor/spec/schema_validator.hpp"

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <string_view>
#include <unordered_map>

#include "supervisor/spec/suggest.hpp"
#include "supervisor/spec/yaml.hpp"

namespace spec {
namespace {

using base::Json;

constexpr std::size_t longest_shown = 48;

// A schema and the document that its `#/…` references start from.
struct Node {
  const Json* schema;
  const Json* document;
};

const Json* member(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

Node follow(Node node) {
  while (const Json* ref = member(*node.schema, "$ref")) {
    const std::string& text = ref->get_ref<const std::string&>();
    const std::size_t hash = text.find('#');
    if (hash > 0) {
      for (const Json& embedded : node.document->at("$defs")) {
        const Json* id = member(embedded, "$id");
        if (id != nullptr && *id == text.substr(0, hash)) node.document = &embedded;
      }
    }
    node.schema = &node.document->at(Json::json_pointer(text.substr(hash + 1)));
  }
  return node;
}

// Compiling one costs more than matching; the patterns are those of the schemas, so few.
const std::regex& compiled(const std::string& pattern) {
  thread_local std::unordered_map<std::string, std::regex> known;
  const auto found = known.find(pattern);
  return found != known.end() ? found->second : known.emplace(pattern, std::regex(pattern)).first->second;
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  // JSON has neither .nan nor .inf, which YAML has.
  if (type == "number") return value.is_number() && std::isfinite(value.get<double>());
  return type == "null" && value.is_null();
}

std::string type_of(const Json& schema) { return schema.value("type", ""); }

std::string expected_number(const Json& schema) {
  const Json* low = member(schema, "minimum");
  const Json* high = member(schema, "maximum");
  if (low != nullptr && high != nullptr) return "a number from " + low->dump() + " to " + high->dump();
  if (low != nullptr) return "a number of at least " + low->dump();
  if (high != nullptr) return "a number of at most " + high->dump();
  return "a number";
}

std::string expected_choice(const Json& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += choices[i].is_string() ? choices[i].get<std::string>() : choices[i].dump();
  }
  return text;
}

std::string expected(Node node) {
  const Json& schema = *node.schema;
  if (const Json* title = member(schema, "title")) return *title;
  if (const Json* choices = member(schema, "enum")) return expected_choice(*choices);
  const std::string type = type_of(schema);
  if (type == "integer" || type == "number") return expected_number(schema);
  if (type == "boolean") return "true or false";
  if (type == "string") return "a string";
  if (type == "object") return "a map";
  if (type != "array") return type;
  const Json* items = member(schema, "items");
  const bool of_strings = items != nullptr && type_of(*follow({items, node.document}).schema) == "string";
  return of_strings ? "a list of strings" : "a list";
}

class Run {
 public:
  explicit Run(std::size_t max) : max_(max) {}

  std::vector<Violation> take() { return std::move(found_); }
  bool clean() const { return found_.empty(); }

  void check(Node node, const Json& value, const std::string& pointer) {
    if (found_.size() >= max_) return;
    node = follow(node);
    const Json& schema = *node.schema;
    if (const Json* type = member(schema, "type"); type != nullptr && !has_type(value, *type)) {
      return mismatch(node, value, pointer);
    }
    if (const Json* choices = member(schema, "enum")) {
      if (std::find(choices->begin(), choices->end(), value) == choices->end()) return mismatch(node, value, pointer);
    }
    if (value.is_number()) check_number(node, value, pointer);
    if (value.is_string()) check_string(node, value, pointer);
    if (value.is_array()) check_array(node, value, pointer);
    if (value.is_object()) check_object(node, value, pointer);
    if (const Json* alternatives = member(schema, "oneOf")) check_one_of(node, *alternatives, value, pointer);
  }

 private:
  void add(const std::string& pointer, const std::string& subject, std::string message) {
    if (found_.size() < max_) found_.push_back({pointer, subject, std::move(message)});
  }

  void mismatch(Node node, const Json& value, const std::string& pointer) {
    std::string message = "expected " + expected(node) + ", got " + shown(value);
    if (type_of(*node.schema) == "string" && value.is_primitive() && !value.is_string() && !value.is_null()) {
      message += "; put it in quotes";
    }
    add(pointer, pointer, std::move(message));
  }

  void check_number(Node node, const Json& value, const std::string& pointer) {
    const Json* low = member(*node.schema, "minimum");
    const Json* high = member(*node.schema, "maximum");
    if ((low != nullptr && value < *low) || (high != nullptr && value > *high)) mismatch(node, value, pointer);
  }

  void check_string(Node node, const Json& value, const std::string& pointer) {
    const std::string& text = value.get_ref<const std::string&>();
    const auto characters = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    const Json* shortest = member(*node.schema, "minLength");
    const Json* longest = member(*node.schema, "maxLength");
    if ((shortest != nullptr && characters < *shortest) || (longest != nullptr && characters > *longest)) {
      return mismatch(node, value, pointer);  // before the pattern: std::regex recurses once a character
    }
    if (const Json* pattern = member(*node.schema, "pattern")) {
      if (!std::regex_search(text, compiled(pattern->get_ref<const std::string&>()))) mismatch(node, value, pointer);
    }
  }

  void check_array(Node node, const Json& value, const std::string& pointer) {
    const Json* least = member(*node.schema, "minItems");
    if (least != nullptr && value.size() < least->get<std::size_t>()) {
      return add(pointer, pointer,
                 "expected " + expected(node) + " with at least " + least->dump() + ", got an empty one");
    }
    const Json* items = member(*node.schema, "items");
    if (items == nullptr) return;
    for (std::size_t i = 0; i < value.size() && found_.size() < max_; ++i) {
      check({items, node.document}, value[i], child_pointer(pointer, std::to_string(i)));
    }
  }

  void check_object(Node node, const Json& value, const std::string& pointer) {
    const Json* properties = member(*node.schema, "properties");
    const Json* others = member(*node.schema, "additionalProperties");
    const Json* names = member(*node.schema, "propertyNames");
    if (const Json* required = member(*node.schema, "required")) check_required(node, *required, value, pointer);
    for (const auto& [key, child] : value.items()) {
      if (found_.size() >= max_) return;
      const std::string at = child_pointer(pointer, key);
      if (names != nullptr) check({names, node.document}, Json(key), at);
      const Json* known = properties == nullptr ? nullptr : member(*properties, key.c_str());
      if (known != nullptr) {
        check({known, node.document}, child, at);
      } else if (others != nullptr && others->is_object()) {
        check({others, node.document}, child, at);
      } else if (others != nullptr && *others == false) {
        unknown_key(properties, key, pointer);
      }
    }
  }

  void check_required(Node node, const Json& required, const Json& value, const std::string& pointer) {
    for (const Json& key : required) {
      const std::string& name = key.get_ref<const std::string&>();
      if (value.contains(name)) continue;
      const Node wanted = follow({&node.schema->at("properties").at(name), node.document});
      add(pointer, pointer, "expected the key \"" + name + "\" (" + expected(wanted) + "), which is missing");
    }
  }

  void unknown_key(const Json* properties, const std::string& key, const std::string& pointer) {
    std::vector<std::string> known;
    if (properties != nullptr) {
      for (const auto& [name, schema] : properties->items()) known.push_back(name);
    }
    std::string message = "unknown key " + shown(Json(key));
    if (const std::string near = nearest(key, known); !near.empty()) {
      message += "; did you mean \"" + near + "\"?";
    } else {
      message += "; known are";
      for (const std::string& name : known) message += (name == known.front() ? " " : ", ") + name;
    }
    add(child_pointer(pointer, key), pointer, std::move(message));
  }

  // The alternative whose type fits speaks for all of them, as its message is the more exact one.
  void check_one_of(Node node, const Json& alternatives, const Json& value, const std::string& pointer) {
    int matching = 0;
    const Json* fitting = nullptr;
    for (const Json& alternative : alternatives) {
      Run run(1);
      run.check({&alternative, node.document}, value, pointer);
      if (run.clean()) ++matching;
      if (has_type(value, type_of(*follow({&alternative, node.document}).schema))) fitting = &alternative;
    }
    if (matching == 1) return;
    if (matching == 0 && fitting != nullptr) return check({fitting, node.document}, value, pointer);
    mismatch(node, value, pointer);
  }

  std::size_t max_;
  std::vector<Violation> found_;
};

const std::set<std::string> known_keywords{
    "$schema",       "$id",   "$ref",      "$defs",     "title",   "description", "type",     "properties",
    "required",      "enum",  "pattern",   "minLength", "minimum", "maximum",     "minItems", "additionalProperties",
    "propertyNames", "oneOf", "maxLength", "items",     "default", "examples"};

void collect_unknown(const Json& schema, std::vector<std::string>& unknown) {
  if (!schema.is_object()) return;
  for (const auto& [keyword, value] : schema.items()) {
    if (!known_keywords.contains(keyword)) unknown.push_back(keyword);
    if (keyword == "properties" || keyword == "$defs" || keyword == "oneOf") {
      for (const Json& child : value) collect_unknown(child, unknown);
    } else if (keyword == "items" || keyword == "propertyNames" || keyword == "additionalProperties") {
      collect_unknown(value, unknown);
    }
  }
}

}  // namespace

std::vector<Violation> violations(const Json& schema, const Json& value, std::size_t max) {
  Run run(max);
  run.check({&schema, &schema}, value, "");
  return run.take();
}

std::vector<std::string> unknown_keywords(const Json& schema) {
  std::vector<std::string> unknown;
  collect_unknown(schema, unknown);
  return unknown;
}

std::string shown(const Json& value) {
  if (value.is_null()) return "nothing";
  if (value.is_object()) return "a map";
  if (value.is_array()) return "a list";
  if (value.is_number_float() && std::isnan(value.get<double>())) return ".nan";
  if (value.is_number_float() && std::isinf(value.get<double>())) return value.get<double>() < 0 ? "-.inf" : ".inf";
  if (!value.is_string()) return base::dump_json(value);
  std::string text = value.get<std::string>();
  if (text.size() > longest_shown) {
    std::size_t end = longest_shown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "…";
  }
  std::replace(text.begin(), text.end(), '\x7f', '?');
  return base::dump_json(Json(text));
}

}  // namespace spec
