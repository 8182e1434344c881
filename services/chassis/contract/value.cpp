#include "services/chassis/contract/value.hpp"

#include <algorithm>

#include "base/pact/path.hpp"

namespace chassis::contract {
namespace {

using base::Json;

Value matcher(Json example, Json rule) { return Value(std::move(example)).with_rule(std::move(rule)); }

Json first_rule(const Value& value) {
  const auto own = value.own_rules();
  return own.is_null() ? Json{{"match", "equality"}} : own["matchers"][0];
}

Json all_rules(const Value& value) {
  const auto own = value.own_rules();
  return own.is_null() ? Json::array({Json{{"match", "equality"}}}) : own["matchers"];
}

}  // namespace

Json Value::rules() const {
  Json written = Json::object();
  for (const auto& [place, rules] : rules_) {
    const auto any = place.empty() ? any_ : any_below_.contains(place) && any_below_.at(place);
    written["$" + place] = {{"combine", any ? "OR" : "AND"}, {"matchers", rules}};
  }
  return written;
}

Json Value::generators() const {
  Json written = Json::object();
  for (const auto& [place, generator] : generators_) written["$" + place] = generator;
  return written;
}

Json Value::own_rules() const {
  const auto found = rules_.find("");
  if (found == rules_.end()) return nullptr;
  return {{"combine", any_ ? "OR" : "AND"}, {"matchers", found->second}};
}

Json Value::own_generator() const {
  const auto found = generators_.find("");
  return found == generators_.end() ? Json() : found->second;
}

void Value::add_rule(Json rule) { rules_[""].push_back(std::move(rule)); }

Value&& Value::with_rule(Json rule) && {
  add_rule(std::move(rule));
  return std::move(*this);
}

Value&& Value::with_generator(Json generator) && {
  generators_[""] = std::move(generator);
  return std::move(*this);
}

void Value::adopt(const std::string& place, const Value& inner) {
  for (const auto& [path, rules] : inner.rules_) {
    rules_[place + path] = rules;
    any_below_[place + path] = path.empty() ? inner.any_ : inner.any_below_.contains(path) && inner.any_below_.at(path);
  }
  for (const auto& [path, generator] : inner.generators_) generators_[place + path] = generator;
}

Value object(std::vector<std::pair<std::string, Value>> members) {
  Value made(Json::object());
  Json example = Json::object();
  for (const auto& [key, value] : members) {
    example[key] = value.example();
    made.adopt(base::pact::to_text(base::pact::Where{key}).substr(1), value);
  }
  made.set_example(std::move(example));
  return made;
}

Value list(std::vector<Value> elements) {
  Value made(Json::array());
  Json example = Json::array();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    example.push_back(elements[i].example());
    made.adopt("[" + std::to_string(i) + "]", elements[i]);
  }
  made.set_example(std::move(example));
  return made;
}

Value like(Value example) { return std::move(example).with_rule({{"match", "type"}}); }

Value regex(const std::string& expression, const std::string& example) {
  return matcher(example, {{"match", "regex"}, {"regex", expression}});
}
Value integer(std::int64_t example) { return matcher(example, {{"match", "integer"}}); }
Value decimal(double example) { return matcher(example, {{"match", "decimal"}}); }
Value number(double example) { return matcher(example, {{"match", "number"}}); }
Value boolean(bool example) { return matcher(example, {{"match", "boolean"}}); }
Value null() { return matcher(nullptr, {{"match", "null"}}); }
Value include(const std::string& part, const std::string& example) {
  return matcher(example, {{"match", "include"}, {"value", part}});
}
Value date(const std::string& format, const std::string& example) {
  return matcher(example, {{"match", "date"}, {"format", format}});
}
Value time(const std::string& format, const std::string& example) {
  return matcher(example, {{"match", "time"}, {"format", format}});
}
Value datetime(const std::string& format, const std::string& example) {
  return matcher(example, {{"match", "datetime"}, {"format", format}});
}
Value uuid(const std::string& example) {
  return regex("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", example);
}
Value semver(const std::string& example) { return matcher(example, {{"match", "semver"}}); }
Value not_empty(Value example) { return std::move(example).with_rule({{"match", "notEmpty"}}); }
Value content_type(const std::string& type, const std::string& example) {
  return matcher(example, {{"match", "contentType"}, {"value", type}});
}

Value each_like(Value example, std::size_t min) { return each_like(std::move(example), min, 0); }

Value each_like(Value example, std::size_t min, std::size_t max) {
  Json elements = Json::array();
  for (std::size_t i = 0; i < std::max<std::size_t>(min, 1); ++i) elements.push_back(example.example());
  Json rule = {{"match", "type"}, {"min", min}};
  if (max > 0) rule["max"] = max;
  auto made = matcher(std::move(elements), std::move(rule));
  made.adopt("[*]", example);
  return made;
}

Value array_containing(std::vector<Value> variants) {
  Json elements = Json::array();
  Json written = Json::array();
  for (std::size_t i = 0; i < variants.size(); ++i) {
    elements.push_back(variants[i].example());
    Json one = {{"index", i}, {"rules", variants[i].rules()}};
    if (const auto generators = variants[i].generators(); !generators.empty()) one["generators"] = generators;
    written.push_back(std::move(one));
  }
  return matcher(std::move(elements), {{"match", "arrayContains"}, {"variants", std::move(written)}});
}

Value each_key(const Value& key, Value example) {
  return std::move(example).with_rule({{"match", "eachKey"}, {"rules", all_rules(key)}});
}

Value each_value(const Value& value, Value example) {
  return std::move(example).with_rule({{"match", "eachValue"}, {"rules", all_rules(value)}});
}

Value values_like(Value example) { return std::move(example).with_rule({{"match", "values"}}); }

Value all_of(std::vector<Value> values) {
  Value made(values.empty() ? Json() : values[0].example());
  for (const auto& value : values) made.add_rule(first_rule(value));
  return made;
}

Value any_of(std::vector<Value> values) {
  auto made = all_of(std::move(values));
  made.combine_with_or();
  return made;
}

Value from_state(const std::string& expression, Value example) {
  auto made = like(std::move(example));
  return std::move(made).with_generator({{"type", "ProviderState"}, {"expression", expression}});
}

Value generated(Json generator, Value example) { return std::move(example).with_generator(std::move(generator)); }

}  // namespace chassis::contract
