#pragma once
// A JSON Schema (drafts 7 to 2020-12) sorted into what it demands: of one kind of value, or a combination of demands.
// The kinds are those by which Confluent's registry compares schemas. Built while it is looked at, so that schemas that
// refer to themselves are no trouble; nodes live as long as their Shapes. Not thread-safe.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace schema {

enum class Kind : std::uint8_t {
  anything,
  nothing,
  string,
  number,
  boolean,
  null,
  constant,
  choice,
  combined,
  negated,
  object,
  array
};

struct Shape {
  Kind kind = Kind::anything;
  const base::Json* json = nullptr;      // what it was made of; null for none
  std::string criterion;                 // combined: allOf, anyOf or oneOf
  std::vector<const base::Json*> parts;  // combined and negated: schemas
  std::vector<const Shape*> synthetic;   // combined of several demands in one schema
  bool integer = false;                  // number
};

class Shapes {
 public:
  // `document` is lent; references are looked up in it.
  explicit Shapes(const base::Json& document) : document_(document) {}
  Shapes(const Shapes&) = delete;

  const Shape& root() { return of(document_); }
  const Shape& of(const base::Json& schema);
  // The parts of a combination or negation.
  std::vector<const Shape*> parts(const Shape& shape);

 private:
  const Shape& make(const base::Json& schema);
  const Shape& keep(Shape shape) { return kept_.emplace_back(std::move(shape)); }
  void add_types(const base::Json& schema, std::vector<const Shape*>& demands);

  bool narrows_reference(const base::Json& schema) const;

  const base::Json& document_;
  std::deque<Shape> kept_;
  std::map<const base::Json*, const Shape*> known_;
};

// A member, or null where there is none.
const base::Json* member(const base::Json& json, const char* key);

// The reference that a schema is or has; null for none.
const std::string* reference_of(const base::Json& schema);
// What a reference within the document stands for, by a pointer, an anchor or the document's own $id; null for one that
// leads nowhere or out of the document.
const base::Json* target_of(const base::Json& document, const std::string& reference);

// A schema without what only explains: title, description, examples and the like.
base::Json without_annotations(const base::Json& schema);

}  // namespace schema
