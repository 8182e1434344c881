#pragma once
// Whether a JSON Schema can be understood: what is wrong in it would be read as "anything goes", and every change to it
// would pass. Pure.

#include "base/json.hpp"
#include "base/result.hpp"

namespace schema {

// Errors: malformed, with the place and what is expected there: keywords with values of another kind, drafts that are
// not known, references that lead nowhere or out of the document (nothing is ever fetched).
base::Result<void> check_sound(const base::Json& schema);

}  // namespace schema
