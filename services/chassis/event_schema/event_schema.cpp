#include "services/chassis/event_schema/event_schema.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/event_keywords.hpp"
#include "base/pattern/pattern.hpp"
#include "base/schema_name.hpp"

namespace chassis {
namespace {

using base::ErrorCode;
using base::Json;
using Patterns = std::map<std::string, base::Pattern>;

constexpr int max_depth = 64;
constexpr std::size_t most_problems = 20;

const Json* member(const Json& schema, const char* key) {
  const auto found = schema.find(key);
  return found == schema.end() ? nullptr : &*found;
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "integer") {
    return value.is_number_integer() ||
           (value.is_number_float() && value.get<double>() == std::trunc(value.get<double>()));
  }
  return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
         (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
         (type == "number" && value.is_number()) || (type == "null" && value.is_null());
}

std::size_t code_points(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

// Reads through a schema once: every keyword is known, every pattern and reference is good.
class SchemaReader {
 public:
  SchemaReader(const Json& document, Patterns& patterns) : document_(document), patterns_(patterns) {}

  base::Result<void> read(const Json& schema, const std::string& where, int depth) {
    if (schema.is_boolean()) return base::success();
    if (!schema.is_object() || depth > max_depth) return wrong(where, "expected a schema");
    for (const auto& [key, value] : schema.items()) {
      TRY(keyword(key, value, where + "/" + key, depth));
    }
    return base::success();
  }

 private:
  static base::Error wrong(const std::string& where, const std::string& what) {
    return base::fail(ErrorCode::malformed, "the event schema at #" + where + ": " + what);
  }

  base::Result<void> keyword(const std::string& key, const Json& value, const std::string& where, int depth) {
    if (!base::is_event_keyword(key)) return wrong(where, "this keyword is not checked here");
    static const std::set<std::string> numbers = {"minItems", "maxItems", "minLength",        "maxLength",
                                                  "minimum",  "maximum",  "exclusiveMinimum", "exclusiveMaximum"};
    if (numbers.contains(key))
      return value.is_number() ? base::Result<void>(base::success()) : wrong(where, "expected a number");
    if (key == "enum") return value.is_array() ? base::Result<void>(base::success()) : wrong(where, "expected a list");
    if (key == "$id") return value.is_string() ? base::Result<void>(base::success()) : wrong(where, "expected a text");
    if (key == "uniqueItems")
      return value.is_boolean() ? base::Result<void>(base::success()) : wrong(where, "expected true or false");
    if (key == "type" || key == "required") return texts(key, value, where);
    if (key == "properties" || key == "$defs") return map(value, where, depth);
    if (key == "items" || key == "additionalProperties" || key == "not") return read(value, where, depth + 1);
    if (key == "allOf" || key == "anyOf" || key == "oneOf") return list(value, where, depth);
    if (key == "pattern") return pattern(value, where);
    if (key == "$ref") return reference(value, where);
    return base::success();  // `const`, or it only explains
  }

  static base::Result<void> texts(const std::string& key, const Json& value, const std::string& where) {
    static const std::set<std::string> types = {"object", "array", "string", "boolean", "number", "integer", "null"};
    const Json list = value.is_array() ? value : Json::array({value});
    for (const auto& each : list) {
      if (!each.is_string() || (key == "type" && !types.contains(each.get<std::string>())))
        return wrong(where, "expected names");
    }
    if (key == "required" && !value.is_array()) return wrong(where, "expected a list");
    return base::success();
  }

  base::Result<void> map(const Json& value, const std::string& where, int depth) {
    if (!value.is_object()) return wrong(where, "expected a map of schemas");
    for (const auto& [name, schema] : value.items()) {
      TRY(read(schema, where + "/" + name, depth + 1));
    }
    return base::success();
  }

  base::Result<void> list(const Json& value, const std::string& where, int depth) {
    if (!value.is_array() || value.empty()) return wrong(where, "expected a list of schemas");
    for (std::size_t i = 0; i < value.size(); ++i) {
      TRY(read(value[i], where + "/" + std::to_string(i), depth + 1));
    }
    return base::success();
  }

  base::Result<void> pattern(const Json& value, const std::string& where) {
    if (!value.is_string()) return wrong(where, "expected a regular expression");
    auto made = base::Pattern::make(value.get<std::string>());
    if (!made) return wrong(where, made.error().message);
    patterns_.emplace(value.get<std::string>(), std::move(made).value());
    return base::success();
  }

  base::Result<void> reference(const Json& value, const std::string& where) {
    const auto text = value.is_string() ? value.get<std::string>() : std::string();
    try {
      if (text == "#" || (text.starts_with("#/") && document_.contains(Json::json_pointer(text.substr(1)))))
        return base::success();
    } catch (const Json::exception&) {
    }
    return wrong(where, "this reference leads nowhere within the document");
  }

  const Json& document_;
  Patterns& patterns_;
};

class DataCheck {
 public:
  DataCheck(const Json& document, const Patterns& patterns) : document_(document), patterns_(patterns) {}

  void check(const Json& schema, const Json& value, const std::string& path, int depth = 0) {
    if (depth > max_depth) return problem(path, "is nested too deep");
    if (schema.is_boolean()) {
      if (schema == Json(false)) problem(path, "must not be there");
      return;
    }
    // What stands beside a reference is demanded as well.
    if (const Json* reference = member(schema, "$ref")) {
      const auto& text = reference->get_ref<const std::string&>();
      check(text == "#" ? document_ : document_[Json::json_pointer(text.substr(1))], value, path, depth + 1);
    }
    any_value(schema, value, path, depth);
    if (value.is_string()) text(schema, value.get_ref<const std::string&>(), path);
    if (value.is_number()) number(schema, value, path);
    if (value.is_array()) list(schema, value, path, depth);
    if (value.is_object()) object(schema, value, path, depth);
  }

  std::vector<base::FieldError> take() { return std::move(problems_); }

 private:
  void problem(const std::string& path, std::string what) {
    if (problems_.size() < most_problems) problems_.push_back({path.empty() ? "data" : path, std::move(what)});
  }

  bool fits(const Json& schema, const Json& value, int depth) const {
    DataCheck part(document_, patterns_);
    part.check(schema, value, "", depth + 1);
    return part.problems_.empty();
  }

  void any_value(const Json& schema, const Json& value, const std::string& path, int depth) {
    if (const Json* type = member(schema, "type")) {
      const auto fits_one = [&value](const Json& one) { return has_type(value, one.get_ref<const std::string&>()); };
      const bool good = type->is_array() ? std::any_of(type->begin(), type->end(), fits_one) : fits_one(*type);
      if (!good)
        return problem(path,
                       "must be of type " + (type->is_string() ? type->get<std::string>() : base::dump_json(*type)));
    }
    const Json* choices = member(schema, "enum");
    if (choices != nullptr && std::find(choices->begin(), choices->end(), value) == choices->end())
      problem(path, "must be one of " + base::dump_json(*choices));
    if (const Json* constant = member(schema, "const"); constant != nullptr && *constant != value)
      problem(path, "must be " + base::dump_json(*constant));
    if (const Json* parts = member(schema, "allOf")) {
      for (const auto& part : *parts) check(part, value, path, depth + 1);
    }
    for (const char* key : {"anyOf", "oneOf"}) {
      const Json* parts = member(schema, key);
      if (parts == nullptr) continue;
      const auto good =
          std::count_if(parts->begin(), parts->end(), [&](const Json& part) { return fits(part, value, depth); });
      if (good == 0 || (good > 1 && std::string_view(key) == "oneOf"))
        problem(path, std::string("must be ") + (good == 0 ? "one" : "only one") + " of the alternatives");
    }
    if (const Json* part = member(schema, "not"); part != nullptr && fits(*part, value, depth))
      problem(path, "is what it must not be");
  }

  void text(const Json& schema, const std::string& value, const std::string& path) {
    const Json* least = member(schema, "minLength");
    const Json* most = member(schema, "maxLength");
    const auto length = least != nullptr || most != nullptr ? static_cast<double>(code_points(value)) : 0.0;
    if (least != nullptr && length < least->get<double>())
      problem(path, "must have at least " + least->dump() + " characters");
    if (most != nullptr && length > most->get<double>())
      problem(path, "must have at most " + most->dump() + " characters");
    if (const Json* pattern = member(schema, "pattern");
        pattern != nullptr && !patterns_.at(pattern->get_ref<const std::string&>()).found_in(value)) {
      problem(path, "must match " + pattern->get<std::string>());
    }
  }

  void number(const Json& schema, const Json& value, const std::string& path) {
    const auto bound = [&](const char* key, auto broken, const char* what) {
      if (const Json* limit = member(schema, key); limit != nullptr && broken(value, *limit))
        problem(path, what + limit->dump());
    };
    bound(
        "minimum", [](const Json& v, const Json& l) { return v < l; }, "must be at least ");
    bound(
        "maximum", [](const Json& v, const Json& l) { return v > l; }, "must be at most ");
    bound(
        "exclusiveMinimum", [](const Json& v, const Json& l) { return v <= l; }, "must be more than ");
    bound(
        "exclusiveMaximum", [](const Json& v, const Json& l) { return v >= l; }, "must be less than ");
  }

  void list(const Json& schema, const Json& value, const std::string& path, int depth) {
    const auto size = static_cast<double>(value.size());
    if (const Json* least = member(schema, "minItems"); least != nullptr && size < least->get<double>())
      problem(path, "must have at least " + least->dump() + " items");
    if (const Json* most = member(schema, "maxItems"); most != nullptr && size > most->get<double>())
      problem(path, "must have at most " + most->dump() + " items");
    if (const Json* unique = member(schema, "uniqueItems"); unique != nullptr && *unique == Json(true)) {
      std::set<std::string> seen;
      for (const auto& each : value) {
        if (!seen.insert(base::dump_json(each)).second) return problem(path, "has an item twice");
      }
    }
    const Json* items = member(schema, "items");
    for (std::size_t i = 0; items != nullptr && i < value.size(); ++i)
      check(*items, value[i], path + "[" + std::to_string(i) + "]", depth + 1);
  }

  void object(const Json& schema, const Json& value, const std::string& path, int depth) {
    const auto below = [&path](const std::string& name) { return path.empty() ? name : path + "." + name; };
    if (const Json* required = member(schema, "required")) {
      for (const auto& name : *required) {
        if (!value.contains(name.get<std::string>())) problem(below(name), "is missing");
      }
    }
    const Json* properties = member(schema, "properties");
    const Json* others = member(schema, "additionalProperties");
    for (const auto& [name, part] : value.items()) {
      const Json* known = properties == nullptr ? nullptr : member(*properties, name.c_str());
      if (known != nullptr) {
        check(*known, part, below(name), depth + 1);
      } else if (others != nullptr) {
        check(*others, part, below(name), depth + 1);
      }
    }
  }

  const Json& document_;
  const Patterns& patterns_;
  std::vector<base::FieldError> problems_;
};

}  // namespace

struct EventSchema::Compiled {
  Json document;
  std::string id;
  Patterns patterns;
};

base::Result<EventSchema> EventSchema::read(std::string_view text) {
  TRY(auto document, base::parse_json(text));
  auto compiled = std::make_shared<Compiled>();
  compiled->document = std::move(document);
  TRY(SchemaReader(compiled->document, compiled->patterns).read(compiled->document, "", 0));
  if (compiled->document.is_object()) compiled->id = compiled->document.value("$id", "");
  return EventSchema(std::move(compiled));
}

base::Result<void> EventSchema::check(const Json& data) const {
  DataCheck run(compiled_->document, compiled_->patterns);
  run.check(compiled_->document, data, "");
  auto problems = run.take();
  if (problems.empty()) return base::success();
  base::Error error = base::fail(ErrorCode::invalid, problems.front().field + " " + problems.front().message);
  error.fields = std::move(problems);
  return error;
}

const std::string& EventSchema::id() const { return compiled_->id; }

base::Result<EventSchemas> EventSchemas::read(const std::vector<std::string_view>& texts) {
  EventSchemas schemas;
  for (const auto text : texts) {
    TRY(auto schema, EventSchema::read(text));
    const auto id = schema.id();
    if (id.empty() || !schemas.schemas_.emplace(id, std::move(schema)).second) {
      return base::fail(ErrorCode::malformed, "an event schema has no $id of its own: \"" + id + "\"");
    }
    if (auto name = base::parse_schema_name(id)) schemas.versions_[std::move(name->type)].insert(name->version);
  }
  return schemas;
}

base::Result<void> EventSchemas::check(const std::string& id, const Json& data) const {
  const auto found = schemas_.find(id);
  if (found == schemas_.end()) return base::fail(ErrorCode::invalid, "there is no schema " + id);
  return found->second.check(data);
}

const std::set<int>& EventSchemas::versions_of(const std::string& type) const {
  static const std::set<int> none;
  const auto found = versions_.find(type);
  return found == versions_.end() ? none : found->second;
}

}  // namespace chassis
