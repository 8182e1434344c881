#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "cli/api/compare.hpp"

#include "base/joined.hpp"

namespace api {
namespace {

using base::Json;

constexpr int max_depth = 32;
constexpr std::array methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};
const Json nothing;

const Json& member(const Json& json, const std::string& key) {
  return json.is_object() && json.contains(key) ? json[key] : nothing;
}

// What a $ref within the document stands for.
const Json& follow(const Json& document, const Json& json) {
  const Json* at = &json;
  for (int step = 0; step < max_depth; ++step) {
    const Json& ref = member(*at, "$ref");
    if (!ref.is_string()) return *at;
    const auto text = ref.get<std::string>();
    if (!text.starts_with("#/")) return nothing;
    try {
      const Json::json_pointer pointer(text.substr(1));
      if (!document.contains(pointer)) return nothing;
      at = &document[pointer];
    } catch (const Json::exception&) {
      return nothing;
    }
  }
  return nothing;
}

// `/v1/users/{id}` and `/v1/users/{user_id}` are one path.
std::string path_key(const std::string& path) {
  std::string key;
  bool inside = false;
  for (const char c : path) {
    if (c == '}') inside = false;
    if (!inside) key += c;
    if (c == '{') inside = true;
  }
  return key;
}

std::set<std::string> texts(const Json& list) {
  std::set<std::string> set;
  if (list.is_string()) set.insert(list.get<std::string>());
  if (!list.is_array()) return set;
  for (const auto& each : list) set.insert(each.is_string() ? each.get<std::string>() : base::dump_json(each));
  return set;
}

// Which of the path's parameters that is, from 0; how many there are for one that is none.
std::size_t place_of(const std::string& path, const std::string& name) {
  const auto end = path.find("{" + name + "}");
  return static_cast<std::size_t>(std::count(
      path.begin(), end == std::string::npos ? path.end() : path.begin() + static_cast<std::ptrdiff_t>(end), '{'));
}

// Types with what they imply: a number takes whole numbers.
std::set<std::string> types_of(const Json& schema) {
  auto types = texts(member(schema, "type"));
  if (types.contains("number")) types.insert("integer");
  return types;
}

bool is_subset(const std::set<std::string>& part, const std::set<std::string>& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

// As misfit(), by types, enums and bounds.
std::string misfit_of_values(const Json& narrow, const Json& wide) {
  const auto narrow_types = types_of(narrow);
  const auto wide_types = types_of(wide);
  if (!wide_types.empty() && (narrow_types.empty() || !is_subset(narrow_types, wide_types))) {
    return "type " + (narrow_types.empty() ? "any" : base::joined(texts(member(narrow, "type")))) + " against " +
           base::joined(texts(member(wide, "type")));
  }
  const auto values_of = [](const Json& schema) {
    const Json& constant = member(schema, "const");
    return constant.is_null() ? texts(member(schema, "enum")) : texts(Json::array({constant}));
  };
  const auto narrow_enum = values_of(narrow);
  const auto wide_enum = values_of(wide);
  if (!wide_enum.empty() && (narrow_enum.empty() || !is_subset(narrow_enum, wide_enum))) {
    return "values " + (narrow_enum.empty() ? "any" : base::joined(narrow_enum)) + " against " +
           base::joined(wide_enum);
  }
  const auto number = [](const Json& schema, const char* key, double otherwise) {
    const Json& value = member(schema, key);
    return value.is_number() ? value.get<double>() : otherwise;
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const char* key : {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"}) {
    if (number(narrow, key, -infinity) < number(wide, key, -infinity)) return std::string(key);
  }
  for (const char* key : {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"}) {
    if (number(narrow, key, infinity) > number(wide, key, infinity)) return std::string(key);
  }
  const double step = number(wide, "multipleOf", 0);
  if (step > 0 && !(std::fmod(number(narrow, "multipleOf", step / 2), step) == 0)) return "multipleOf";
  if (member(wide, "uniqueItems") == true && member(narrow, "uniqueItems") != true) return "uniqueItems";
  const Json& pattern = member(wide, "pattern");
  if (!pattern.is_null() && member(narrow, "pattern") != pattern) return "pattern";
  const Json& format = member(wide, "format");
  if (format.is_string() && member(narrow, "format") != format &&
      !(format == "int64" && member(narrow, "format") == "int32")) {
    return "format " + format.get<std::string>();
  }
  return {};
}

// A schema, or a map or list of them, that some value does not fit.
bool restricts(const Json& schema) {
  return !schema.is_null() && schema != true && !(schema.is_structured() && schema.empty());
}

// Fields that must come with others.
bool depends_more(const Json& narrow, const Json& wide) {
  const auto always = texts(member(narrow, "required"));
  for (const auto& [field, others] : member(wide, "dependentRequired").items()) {
    auto there = texts(member(member(narrow, "dependentRequired"), field));
    there.insert(always.begin(), always.end());
    if (!is_subset(texts(others), there)) return true;
  }
  return false;
}

// Keywords whose values are schemas. Where it cannot be told which of two is the narrower one, they have to be equal.
std::string misfit_of_parts(const Json& narrow, const Json& wide) {
  const Json& names = member(wide, "propertyNames");
  if (restricts(names) && member(narrow, "propertyNames") != names) {
    const Json& names_before = member(narrow, "propertyNames");
    if (!restricts(names_before) || !misfit_of_values(names_before, names).empty()) return "propertyNames";
  }
  if (depends_more(narrow, wide)) return "dependentRequired";
  if (restricts(member(wide, "items")) && !restricts(member(narrow, "items"))) return "items";
  for (const char* key : {"not", "if", "then", "else", "contains", "prefixItems", "dependentSchemas"}) {
    const Json& part = member(wide, key);
    if (restricts(part) && member(narrow, key) != part) return key;
  }
  // Beside a closed list of fields, a pattern lets more of them in.
  const Json& patterns = member(wide, "patternProperties");
  const bool is_closed = member(narrow, "additionalProperties") == false;
  if (!is_closed && restricts(patterns) && member(narrow, "patternProperties") != patterns) return "patternProperties";
  return {};
}

// Whether every value of `narrow` is one of `wide`, as far as their keywords tell; what is wrong otherwise.
std::string misfit(const Json& narrow, const Json& wide) {
  const auto wrong = misfit_of_values(narrow, wide);
  return wrong.empty() ? misfit_of_parts(narrow, wide) : wrong;
}

class RestComparison {
 public:
  RestComparison(const Json& before, const Json& now, std::string file, Findings& findings)
      : before_(before), now_(now), file_(std::move(file)), findings_(findings) {}

  void run() {
    std::map<std::string, const Json*> paths;
    std::map<std::string, std::string> names;
    for (const auto& [path, item] : member(now_, "paths").items()) {
      paths[path_key(path)] = &follow(now_, item);
      names[path_key(path)] = path;
    }
    for (const auto& [path, given] : member(before_, "paths").items()) {
      const Json& item = follow(before_, given);
      const auto found = paths.find(path_key(path));
      path_before_ = path;
      path_now_ = names[path_key(path)];
      for (const char* method : methods) {
        const Json& old = member(item, method);
        if (!old.is_object()) continue;
        std::string upper = method;
        std::transform(upper.begin(), upper.end(), upper.begin(),
                       [](char c) { return static_cast<char>(c - 'a' + 'A'); });
        operation_ = upper + " " + path;
        const Json& current = found == paths.end() ? nothing : member(*found->second, method);
        if (current.is_object()) {
          operation(old, item, current, *found->second);
        } else {
          add("REST_OPERATION_NO_DELETE", "", "the operation was deleted");
        }
      }
    }
  }

 private:
  void add(const char* rule, const std::string& where, const std::string& message) {
    findings_.add(rule, file_, 0, operation_ + (where.empty() ? "" : " " + where), message);
  }

  static std::map<std::string, const Json*> parameters(const Json& document, const Json& operation, const Json& item,
                                                       const std::string& path) {
    std::map<std::string, const Json*> found;
    for (const Json* holder : {&item, &operation}) {
      for (const auto& each : member(*holder, "parameters")) {
        const Json& parameter = follow(document, each);
        const Json& name = member(parameter, "name");
        const Json& in = member(parameter, "in");
        if (!name.is_string() || !in.is_string()) continue;
        // A path's parameters are told apart by their place.
        const auto text = name.get<std::string>();
        found[in.get<std::string>() + " " + (in == "path" ? std::to_string(place_of(path, text)) : text)] = &parameter;
      }
    }
    return found;
  }

  void compare_parameters(const Json& old, const Json& old_item, const Json& current, const Json& current_item) {
    const auto was = parameters(before_, old, old_item, path_before_);
    const auto is = parameters(now_, current, current_item, path_now_);
    const auto required = [](const Json* parameter) { return member(*parameter, "required") == true; };
    for (const auto& [key, parameter] : was) {
      const auto found = is.find(key);
      const bool in_path = key.starts_with("path ");
      const auto name = in_path ? "path " + member(*parameter, "name").get<std::string>() : key;
      if (found == is.end()) {
        if (in_path) continue;  // the path was found, so it is there, only not described
        add("REST_PARAMETER_NO_DELETE", name, "the parameter was deleted");
        continue;
      }
      if (!required(parameter) && required(found->second))
        add("REST_PARAMETER_NOT_REQUIRED", name, "the parameter is required now");
      const Json& old_schema = follow(before_, member(*parameter, "schema"));
      const Json& schema = follow(now_, member(*found->second, "schema"));
      auto wrong = misfit(old_schema, schema);
      if (wrong.empty())
        wrong = misfit(follow(before_, member(old_schema, "items")), follow(now_, member(schema, "items")));
      if (!wrong.empty()) add("REST_PARAMETER_SAME_TYPE", name, "the parameter takes less than before: " + wrong);
    }
    for (const auto& [name, parameter] : is) {
      if (!was.contains(name) && required(parameter) && !name.starts_with("path "))
        add("REST_PARAMETER_NOT_REQUIRED", name, "a required parameter was added");
    }
  }

  // Without `security`, or with an empty one among its alternatives.
  static bool is_for_all(const Json& document, const Json& operation) {
    const Json& own = member(operation, "security");
    const Json& security = own.is_null() ? member(document, "security") : own;
    return !security.is_array() || security.empty() ||
           std::any_of(security.begin(), security.end(), [](const Json& each) { return each.empty(); });
  }

  void operation(const Json& old, const Json& old_item, const Json& current, const Json& current_item) {
    if (is_for_all(before_, old) && !is_for_all(now_, current))
      add("REST_SECURITY_NOT_REQUIRED", "", "whoever calls must say who it is now");
    compare_parameters(old, old_item, current, current_item);
    const Json& old_body = follow(before_, member(old, "requestBody"));
    const Json& body = follow(now_, member(current, "requestBody"));
    if (member(old_body, "required") != true && member(body, "required") == true) {
      add("REST_REQUEST_FIELD_NOT_REQUIRED", "body", "a body is required now");
    }
    contents(member(old_body, "content"), member(body, "content"), true);
    for (const auto& [status, response] : member(old, "responses").items()) {
      if (!status.starts_with('2')) continue;
      const Json& same = member(member(current, "responses"), status);
      if (same.is_null()) {
        add("REST_STATUS_NO_DELETE", status, "the status is no longer answered; there is " + success_of(current));
      } else {
        const Json& headers = member(follow(now_, same), "headers");
        for (const auto& [name, header] : member(follow(before_, response), "headers").items()) {
          if (member(headers, name).is_null())
            add("REST_RESPONSE_FIELD_NO_DELETE", "response header " + name, "the header was deleted");
        }
        contents(member(follow(before_, response), "content"), member(follow(now_, same), "content"), false);
      }
    }
  }

  static std::string success_of(const Json& operation) {
    std::set<std::string> found;
    for (const auto& [status, response] : member(operation, "responses").items()) {
      if (status.starts_with('2')) found.insert(status);
    }
    return found.empty() ? "none that means success" : base::joined(found);
  }

  void contents(const Json& old, const Json& current, bool request) {
    for (const auto& [type, content] : old.items()) {
      const Json& same = member(current, type);
      if (same.is_null()) {
        add("REST_MEDIA_TYPE_NO_DELETE", request ? "request" : "response", "the media type " + type + " was deleted");
        continue;
      }
      seen_.clear();
      schema(member(content, "schema"), member(same, "schema"), request, request ? "request" : "response", 0);
    }
  }

  void schema(const Json& old_side, const Json& side, bool request, const std::string& where, int depth) {
    const Json& old = follow(before_, old_side);
    const Json& current = follow(now_, side);
    if (depth > max_depth || !old.is_object() || !current.is_object() || !seen_.insert({&old, &current}).second) return;
    auto wrong = request ? misfit(old, current) : misfit(current, old);
    for (const char* others : {"additionalProperties", "unevaluatedProperties"}) {
      if (!wrong.empty() || !request || restricts(member(old, others)) || !restricts(member(current, others))) continue;
      wrong = member(current, others) == false ? "further fields are refused" : others;
    }
    if (!wrong.empty()) differs(request, where, wrong);
    alternatives(old, current, request, where, depth);
    fields(old, current, request, where, depth);
    for (const char* below : {"items", "additionalProperties"}) {
      const Json& part = member(old, below);
      if (part.is_object()) schema(part, member(current, below), request, where + "[]", depth + 1);
    }
  }

  void differs(bool request, const std::string& where, const std::string& what) {
    add(request ? "REST_REQUEST_SAME_TYPE" : "REST_RESPONSE_SAME_TYPE", where,
        request ? "it takes less than before: " + what : "it can be more than before: " + what);
  }

  // Part by part, in their order.
  void alternatives(const Json& old, const Json& current, bool request, const std::string& where, int depth) {
    for (const std::string key : {"allOf", "anyOf", "oneOf"}) {
      const auto parts = [&key](const Json& schema) {
        const Json& list = member(schema, key);
        return list.is_array() ? list.size() : 0;
      };
      const auto was = parts(old);
      const auto is = parts(current);
      // More parts are less for allOf, and one part less than none for the others.
      const bool fewer_values = key == "allOf" ? is > was : was == 0 ? is > 0 : is > 0 && is < was;
      const bool more_values = key == "allOf" ? is < was : is == 0 ? was > 0 : was > 0 && is > was;
      if (request ? fewer_values : more_values) differs(request, where, key);
      for (std::size_t i = 0; i < std::min(was, is); ++i)
        schema(old[key][i], current[key][i], request, where, depth + 1);
    }
  }

  void fields(const Json& old, const Json& current, bool request, const std::string& where, int depth) {
    const auto was_required = texts(member(old, "required"));
    const auto is_required = texts(member(current, "required"));
    const Json& fields_now = member(current, "properties");
    for (const auto& [name, field] : member(old, "properties").items()) {
      const auto here = where + "." + name;
      const Json& same = member(fields_now, name);
      if (same.is_null()) {
        add(request ? "REST_REQUEST_FIELD_NO_DELETE" : "REST_RESPONSE_FIELD_NO_DELETE", here, "the field was deleted");
        continue;
      }
      if (!request && was_required.contains(name) && !is_required.contains(name)) {
        add("REST_RESPONSE_FIELD_NO_DELETE", here, "the field is no longer always there");
      }
      schema(field, same, request, here, depth + 1);
    }
    if (!request) return;
    for (const auto& name : is_required) {
      if (!was_required.contains(name))
        add("REST_REQUEST_FIELD_NOT_REQUIRED", where + "." + name, "the field is required now");
    }
  }

  const Json& before_;
  const Json& now_;
  std::string file_;
  Findings& findings_;
  std::string operation_;
  std::string path_before_;
  std::string path_now_;
  std::set<std::pair<const Json*, const Json*>> seen_;
};

}  // namespace

std::vector<Finding> compare_rest(const Json& before, const Json& now, const std::string& file, const Rules& rules) {
  Findings findings(rules);
  if (before.is_object()) RestComparison(before, now, file, findings).run();
  return findings.take();
}

}  // namespace api
