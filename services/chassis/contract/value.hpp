#pragma once
// Examples with matchers, as consumers write them in their contract tests:
//
//   object({{"id", regex("[0-9a-f-]{36}", "01890a5d-…")}, {"email", like("ann@example.com")}, {"roles",
//   each_like("admin")}})
//
// A plain value stands for itself. What a matcher was given as an example is what the mock server answers. Values.

#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace chassis::contract {

class Value {
 public:
  // A literal: compared for equality, or by the rule of a `like` around it.
  template <class T>
  requires std::constructible_from<base::Json, T> &&(!std::same_as<std::remove_cvref_t<T>, Value>)Value(T&& literal)
      : example_(std::forward<T>(literal)) {}  // NOLINT: meant to be implicit

  const base::Json& example() const { return example_; }
  // Rules and generators below this value in the form of Pact files, by path: `$`, `$.a[*].b`.
  base::Json rules() const;
  base::Json generators() const;
  // The rule list of the value itself, {"combine", "matchers"}; null when it has none.
  base::Json own_rules() const;
  base::Json own_generator() const;

  // Adds a rule for the value itself.
  void add_rule(base::Json rule);
  Value&& with_rule(base::Json rule) &&;
  Value&& with_generator(base::Json generator) &&;
  // The inner value's rules at a place below this one: `.key`, `[*]`.
  void adopt(const std::string& place, const Value& inner);
  void set_example(base::Json example) { example_ = std::move(example); }
  void combine_with_or() { any_ = true; }

 private:
  base::Json example_;
  std::map<std::string, std::vector<base::Json>> rules_;  // by what comes behind `$`
  std::map<std::string, base::Json> generators_;
  std::map<std::string, bool> any_below_;
  bool any_ = false;
};

// Compound values.
Value object(std::vector<std::pair<std::string, Value>> members);
Value list(std::vector<Value> elements);

// Whatever has the example's type. Inside an object or list: the same for all below.
Value like(Value example);
Value regex(const std::string& expression, const std::string& example);
Value integer(std::int64_t example = 1);
Value decimal(double example = 1.5);
Value number(double example = 1);
Value boolean(bool example = true);
Value null();
Value include(const std::string& part, const std::string& example);
// Formats as java.time has them: yyyy-MM-dd'T'HH:mm:ss.SSSX.
Value date(const std::string& format, const std::string& example);
Value time(const std::string& format, const std::string& example);
Value datetime(const std::string& format, const std::string& example);
Value uuid(const std::string& example);
Value semver(const std::string& example);
Value not_empty(Value example);
// The bytes begin like a file of that type.
Value content_type(const std::string& type, const std::string& example);

// A list whose elements are all like the example; `min` of them at least, and as many in the mock server's answer.
Value each_like(Value example, std::size_t min = 1);
// The same with an upper bound; no bound when max is 0.
Value each_like(Value example, std::size_t min, std::size_t max);
// A list that has at least these elements, in any order, among others.
Value array_containing(std::vector<Value> variants);
// An object with any keys that fit `key`, and values like the example's.
Value each_key(const Value& key, Value example);
Value each_value(const Value& value, Value example);
// An object with any keys; its values are like the first value of the example.
Value values_like(Value example);

// All matchers must hold, or one of them. The example is the first one's.
Value all_of(std::vector<Value> values);
Value any_of(std::vector<Value> values);

// A value that the provider state returns when the contract is verified: `${id}`, or text around it. `example` is what
// the consumer's test gets.
Value from_state(const std::string& expression, Value example);
// A value that is made anew each time, by a generator of Pact files: {"type": "Uuid"}.
Value generated(base::Json generator, Value example);

}  // namespace chassis::contract
