#pragma once
// XML bodies for the engine, by the library pugixml: elements by name (namespaces resolved, whatever the prefix),
// children of one name in order, attributes (`@name`) and text (`#text`), with the rules that hold for their paths:
// `$.people.person.@age`, `$.people.person.#text`. Entities are not expanded and no DTD is read. Thread-safe.

#include "base/pact/match.hpp"

namespace base::pact {

// For MatchOptions::body_matchers. Takes bodies whose content type is XML.
BodyMatcher xml_matcher();

}  // namespace base::pact
