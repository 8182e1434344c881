#pragma once
// Whether a JSON Schema can be understood: what is wrong in it would be read as "anything goes", and every change to it
// would pass. Pure.

#include "base/json.hpp"
#include "base/result.hpp"

namespace schema {

// Errors: malformed, with the place and what is expected there: keywords that there are not (but x-…, which are notes
// of one's own) or with values of another kind, drafts that are not known, references that lead nowhere or out of the
// document (nothing is ever fetched).
base::Result<void> check_sound(const base::Json& schema);

// Whether a service on the chassis starts with it, of a sound one. Errors: malformed, with the first keyword that it
// does not check (base/event_keywords.hpp).
base::Result<void> check_for_chassis(const base::Json& schema);

}  // namespace schema
