#include <algorithm>

#include "base/pattern/pattern.hpp"
#include "cli/schema/compare.hpp"

namespace schema {
namespace {

using base::Json;
using Step = Comparison::Step;

const Json empty_object = Json::object();

const Json& map_under(const Json& schema, const char* key) {
  const Json* value = member(schema, key);
  return value != nullptr && value->is_object() ? *value : empty_object;
}

// As a step of a JSON pointer (RFC 6901).
std::string escaped(const std::string& name) {
  std::string text;
  for (const char c : name) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

// In the order of the documents: those of before, then those that came.
std::vector<std::string> keys_of(const Json& before, const Json& now) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : before.items()) keys.push_back(key);
  for (const auto& [key, value] : now.items()) {
    if (!before.contains(key)) keys.push_back(key);
  }
  return keys;
}

std::set<std::string> texts(const Json* list) {
  std::set<std::string> found;
  if (list == nullptr || !list->is_array()) return found;
  for (const auto& each : *list) {
    if (each.is_string()) found.insert(each.get<std::string>());
  }
  return found;
}

// Further properties: allowed at all, and by which schema.
bool permits_more(const Json& schema) {
  const Json* more = member(schema, "additionalProperties");
  return more == nullptr || *more != Json(false);
}
const Json* schema_of_more(const Json& schema) {
  const Json* more = member(schema, "additionalProperties");
  return more != nullptr && more->is_object() ? more : nullptr;
}

class ObjectComparison {
 public:
  ObjectComparison(Comparison& comparison, const Json& before, const Json& now)
      : comparison_(comparison),
        before_(before),
        now_(now),
        was_required_(texts(member(before, "required"))),
        is_required_(texts(member(now, "required"))) {}

  void run() {
    required();
    properties();
    patterns();
    dependencies();
    additional();
    unevaluated();
    compare_demand(comparison_, before_, now_, "propertyNames", "PROPERTY_NAMES");
    condition();
    compare_bound(comparison_, before_, now_, "maxProperties", "MAX_PROPERTIES");
    compare_bound(comparison_, before_, now_, "minProperties", "MIN_PROPERTIES");
  }

 private:
  void required() {
    const Step step(comparison_, "required");
    const Json& old = map_under(before_, "properties");
    const Json& current = map_under(now_, "properties");
    for (const auto& [name, value] : old.items()) {
      if (!current.contains(name)) continue;
      const Step inner(comparison_, escaped(name));
      const bool was = was_required_.contains(name);
      const bool is = is_required_.contains(name);
      if (was && !is) comparison_.add("REQUIRED_ATTRIBUTE_REMOVED");
      if (!was && is) {
        comparison_.add(has_default(current[name]) ? "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED"
                                                   : "REQUIRED_ATTRIBUTE_ADDED");
      }
    }
    // Names that `properties` says nothing of; one that came to it or left it is told of there.
    for (const auto& name : is_required_) {
      if (!was_required_.contains(name) && !current.contains(name))
        comparison_.add("REQUIRED_ATTRIBUTE_ADDED", escaped(name));
    }
    for (const auto& name : was_required_) {
      if (!is_required_.contains(name) && !current.contains(name) && !old.contains(name))
        comparison_.add("REQUIRED_ATTRIBUTE_REMOVED", escaped(name));
    }
  }

  void properties() {
    const Step step(comparison_, "properties");
    const Json& old = map_under(before_, "properties");
    const Json& current = map_under(now_, "properties");
    for (const auto& name : keys_of(old, current)) {
      const Step inner(comparison_, escaped(name));
      if (!current.contains(name)) {
        removed(name, old[name]);
      } else if (!old.contains(name)) {
        added(name, current[name]);
      } else {
        comparison_.compare(old[name], current[name]);
      }
    }
  }

  void removed(const std::string& name, const Json& old) {
    if (is_open(now_, true)) return comparison_.add("PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL");
    if (const Json* cover = cover_of(now_, name, true)) {
      const auto list = comparison_.apart(old, *cover);
      comparison_.add_all(list);
      return comparison_.add(comparison_.compatible(list)
                                 ? "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
                                 : "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
    }
    comparison_.add(comparison_.is_nothing(old, false) ? "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL"
                                                       : "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL");
  }

  void added(const std::string& name, const Json& current) {
    const std::string what = !is_required_.contains(name) ? "OPTIONAL_PROPERTY"
                             : has_default(current)       ? "REQUIRED_PROPERTY_WITH_DEFAULT"
                                                          : "REQUIRED_PROPERTY";
    if (is_open(before_, false)) {
      if (comparison_.is_anything(current, true))
        return comparison_.add("PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL");
      return comparison_.add(what + "_ADDED_TO_OPEN_CONTENT_MODEL");
    }
    if (const Json* cover = cover_of(before_, name, false)) {
      const auto list = comparison_.apart(*cover, current);
      comparison_.add_all(list);
      comparison_.add(comparison_.compatible(list) ? "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
                                                   : "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
    }
    comparison_.add(what + "_ADDED_TO_UNOPEN_CONTENT_MODEL");
  }

  void patterns() {
    const Step step(comparison_, "patternProperties");
    const Json& old = map_under(before_, "patternProperties");
    const Json& current = map_under(now_, "patternProperties");
    for (const auto& pattern : keys_of(old, current)) {
      const Step inner(comparison_, escaped(pattern));
      if (!current.contains(pattern)) {
        pattern_removed(old[pattern]);
      } else if (!old.contains(pattern)) {
        pattern_added(pattern, current[pattern]);
      } else {
        comparison_.compare(old[pattern], current[pattern]);
      }
    }
  }

  void pattern_removed(const Json& old) {
    const Json* more = schema_of_more(now_);
    if (more != nullptr) comparison_.compare(old, *more);
    const bool takes = permits_more(now_) || comparison_.is_nothing(old, false);
    comparison_.add(takes ? "PATTERN_PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL"
                          : "PATTERN_PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL");
  }

  void pattern_added(const std::string& text, const Json& current) {
    const Json* more = schema_of_more(before_);
    if (more != nullptr) comparison_.compare(*more, current);
    // Properties that had a name before are now spoken of twice.
    if (const auto pattern = base::Pattern::make(text)) {
      for (const auto& [name, value] : map_under(before_, "properties").items()) {
        if (pattern.value().found_in(name)) comparison_.compare(value, current);
      }
    }
    comparison_.add(more == nullptr && permits_more(before_) && !comparison_.is_anything(current, true)
                        ? "PATTERN_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"
                        : "PATTERN_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL");
  }

  // Whether one condition follows from another is not asked: any other one is a change.
  void condition() {
    const auto parts = [](const Json& schema) {
      Json found = Json::object();
      if (!schema.contains("if")) return found;
      for (const char* key : {"if", "then", "else"}) {
        if (const Json* part = member(schema, key)) found[key] = without_annotations(*part);
      }
      return found;
    };
    const Json old = parts(before_);
    const Json current = parts(now_);
    if (old == current) return;
    comparison_.add(old.empty()       ? "CONDITION_ADDED"
                    : current.empty() ? "CONDITION_REMOVED"
                                      : "CONDITION_CHANGED",
                    "if");
  }

  void dependencies() {
    const Step step(comparison_, "dependencies");
    const auto lists = [](const Json& schema) { return parts(schema, "dependentRequired", true); };
    const auto schemas = [](const Json& schema) { return parts(schema, "dependentSchemas", false); };
    const Json old_lists = lists(before_);
    const Json new_lists = lists(now_);
    for (const auto& name : keys_of(old_lists, new_lists)) {
      const Step inner(comparison_, escaped(name));
      if (!new_lists.contains(name)) {
        comparison_.add("DEPENDENCY_ARRAY_REMOVED");
      } else if (!old_lists.contains(name)) {
        comparison_.add("DEPENDENCY_ARRAY_ADDED");
      } else {
        compare_lists(texts(&old_lists[name]), texts(&new_lists[name]));
      }
    }
    const Json old_schemas = schemas(before_);
    const Json new_schemas = schemas(now_);
    for (const auto& name : keys_of(old_schemas, new_schemas)) {
      const Step inner(comparison_, escaped(name));
      if (!new_schemas.contains(name)) {
        comparison_.add("DEPENDENCY_SCHEMA_REMOVED");
      } else if (!old_schemas.contains(name)) {
        comparison_.add("DEPENDENCY_SCHEMA_ADDED");
      } else {
        comparison_.compare(*dependency(before_, name), *dependency(now_, name));
      }
    }
  }

  // By the keyword of draft 2019-09 and by that of draft 7, which had one for both.
  static Json parts(const Json& schema, const char* key, bool lists) {
    Json found = map_under(schema, key);
    for (const auto& [name, value] : map_under(schema, "dependencies").items()) {
      if (value.is_array() == lists) found[name] = value;
    }
    return found;
  }
  static const Json* dependency(const Json& schema, const std::string& name) {
    const Json& by_new = map_under(schema, "dependentSchemas");
    return by_new.contains(name) ? &by_new[name] : &map_under(schema, "dependencies")[name];
  }

  void compare_lists(const std::set<std::string>& old, const std::set<std::string>& current) {
    if (old == current) return;
    const bool grew = std::includes(current.begin(), current.end(), old.begin(), old.end());
    const bool shrank = std::includes(old.begin(), old.end(), current.begin(), current.end());
    comparison_.add(grew     ? "DEPENDENCY_ARRAY_EXTENDED"
                    : shrank ? "DEPENDENCY_ARRAY_NARROWED"
                             : "DEPENDENCY_ARRAY_CHANGED");
  }

  void additional() {
    const Step step(comparison_, "additionalProperties");
    const Json* old = schema_of_more(before_);
    const Json* current = schema_of_more(now_);
    if (permits_more(before_) != permits_more(now_)) {
      comparison_.add(permits_more(before_) ? "ADDITIONAL_PROPERTIES_REMOVED" : "ADDITIONAL_PROPERTIES_ADDED");
    } else if (old == nullptr && current != nullptr) {
      comparison_.add("ADDITIONAL_PROPERTIES_NARROWED");
    } else if (old != nullptr && current == nullptr) {
      comparison_.add("ADDITIONAL_PROPERTIES_EXTENDED");
    } else if (old != nullptr) {
      comparison_.compare(*old, *current);
    }
  }

  void unevaluated() {
    const Json* old = member(before_, "unevaluatedProperties");
    const Json* current = member(now_, "unevaluatedProperties");
    if (old == nullptr && current == nullptr) return;
    const Step step(comparison_, "unevaluatedProperties");
    static const Json anything(true);
    const Json& was = old == nullptr ? anything : *old;
    const Json& is = current == nullptr ? anything : *current;
    const bool was_nothing = comparison_.is_nothing(was, false);
    const bool is_nothing = comparison_.is_nothing(is, true);
    if (was_nothing != is_nothing)
      return comparison_.add(was_nothing ? "UNEVALUATED_PROPERTIES_ADDED" : "UNEVALUATED_PROPERTIES_REMOVED");
    const bool was_anything = comparison_.is_anything(was, false);
    const bool is_anything = comparison_.is_anything(is, true);
    if (was_anything != is_anything) {
      return comparison_.add(was_anything ? "UNEVALUATED_PROPERTIES_NARROWED" : "UNEVALUATED_PROPERTIES_EXTENDED");
    }
    comparison_.compare(was, is);
  }

  bool has_default(const Json& schema) {
    const Shape& shape = comparison_.shape_of(schema, true);
    return shape.json != nullptr && shape.json->is_object() && shape.json->contains("default");
  }

  bool is_open(const Json& schema, bool later) {
    if (!permits_more(schema) || schema_of_more(schema) != nullptr || !map_under(schema, "patternProperties").empty())
      return false;
    const Json* rest = member(schema, "unevaluatedProperties");
    return rest == nullptr || comparison_.is_anything(*rest, later);
  }

  // The schema that a property has which is not named.
  const Json* cover_of(const Json& schema, const std::string& name, bool later) {
    for (const auto& [text, part] : map_under(schema, "patternProperties").items()) {
      const auto pattern = base::Pattern::make(text);
      if (pattern && pattern.value().found_in(name)) return &part;
    }
    if (const Json* more = schema_of_more(schema)) return more;
    const Json* rest = member(schema, "unevaluatedProperties");
    const bool partial = permits_more(schema) && rest != nullptr && !comparison_.is_nothing(*rest, later) &&
                         !comparison_.is_anything(*rest, later);
    return partial ? rest : nullptr;
  }

  Comparison& comparison_;
  const Json& before_;
  const Json& now_;
  std::set<std::string> was_required_;
  std::set<std::string> is_required_;
};

}  // namespace

void compare_objects(Comparison& comparison, const Json& before, const Json& now) {
  ObjectComparison(comparison, before, now).run();
}

}  // namespace schema
