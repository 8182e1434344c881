#pragma once
// Expressions of templates, a subset of those of JSON-e (https://json-e.js.org/language.html): literals, variables,
// `a.b`, `a['b']`, `a[0]`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `&&`, `||`, `!`, `in`, `+`, `-`, parentheses and the
// functions len, str and join. What is not known is an error, never an empty text. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace render {

// Variables by name; an inner scope hides names of the outer one. What it is made of is lent.
class Scope {
 public:
  // The members of an object.
  explicit Scope(const base::Json& variables, const Scope* outer = nullptr) : members_(&variables), outer_(outer) {}
  Scope(std::string name, const base::Json& value, const Scope* outer)
      : name_(std::move(name)), value_(&value), outer_(outer) {}

  // Null when there is none.
  const base::Json* find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  const base::Json* members_ = nullptr;
  std::string name_;
  const base::Json* value_ = nullptr;
  const Scope* outer_;
};

// Errors: invalid, as `unknown variable "servic"; did you mean "service"?`
base::Result<base::Json> evaluate(std::string_view expression, const Scope& scope);

// The same for the expression that begins at `at` and ends before a `}`; `at` is moved behind that.
base::Result<base::Json> evaluate_braced(std::string_view text, std::size_t& at, const Scope& scope);

// As JSON-e has it: null, false, 0, "", [] and {} are not.
bool is_true(const base::Json& value);

}  // namespace render
