#pragma once
// Templates that are JSON themselves, in a subset of JSON-e (https://json-e.js.org/operators.html). Values are put into
// the structure, never into text that is parsed again, so that what stands in a value cannot become anything else.
//
//   {$eval: EXPR}                                the value
//   {$if: EXPR, then: T, else: T}                a branch that is missing is left out of the object or list around it
//   {$let: {NAME: T…}, in: T}                    names for what is below `in`
//   {$map: T, each(x): T}, {…, each(x, i): T}    list to list; an object is mapped as {key, val} to one merged object
//   {$merge: T}                                  a list of objects as one, later ones win
//   {$flatten: T}                                a list of lists as one list
//   {$json: T}                                   the value as JSON text
//   "… ${EXPR} …"                                a text, number or boolean within a text, also in keys; `$${` is `${`
//
// A key that begins with `$$` is that key with one `$`. Pure.

#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/render/expression.hpp"

namespace render {

// Errors: invalid; its only field is the JSON pointer of the place in the template.
base::Result<base::Json> fill_in(const base::Json& form, const Scope& scope);

}  // namespace render
