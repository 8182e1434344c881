#pragma once
// What a consumer knows of the versions of the events that it hears of: their schemas, and how data of an older version
// becomes data of the next one. Handlers then read data of one version only, the newest that is known. Pure.
//
// An event says its version by `dataschema` (base/schema_name.hpp). What becomes of it:
//
//   a version that is known            validated by it, brought up to the newest where there are upcasters, and
//   validated
//                                      again by that
//   none said                          taken for the newest that is known, and validated by it
//   newer than any that is known       unsupported: nobody can say what is in it before this service is upgraded
//   older, but not known; of another   invalid
//   type; no name of ours

#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/chassis/event_schema/event_schema.hpp"

namespace chassis::consumer {

// Data of a version as data of the next one. Pure; may throw, which is an error like another.
using Upcaster = std::function<base::Result<base::Json>(base::Json)>;

// Data as a handler reads it.
struct Form {
  base::Json data;
  std::string schema;  // its name; empty when nothing is checked
};

// Made whole before the first read(); const from then on.
class SchemaCheck {
 public:
  // Lent. Without it nothing is checked.
  void know(const EventSchemas& schemas) { schemas_ = &schemas; }
  void upcast(const std::string& type, int from, Upcaster upcaster);

  // Whether what is known fits together. `consumed`: the types that have a handler. Errors: invalid, in one sentence: a
  // type without a schema, an upcaster without a use, or a version that no chain of upcasters leads from.
  base::Result<void> sound(const std::set<std::string>& consumed) const;

  // The version by which an event is validated, from what it says of itself; 0 when nothing is checked. Errors:
  // unsupported for a newer one than is known, invalid for another that is not known.
  base::Result<int> version_of(const std::string& type, const std::string& said_schema) const;

  // `type` is what is consumed, `said_type` and `said_schema` what the event says of itself. Errors: as
  // version_of(), and invalid, naming the fields, for what is refused.
  base::Result<Form> read(const std::string& type, const std::string& said_type, const std::string& said_schema,
                          base::Json data) const;

 private:
  using Chain = std::map<int, Upcaster>;  // by the version that it starts from

  base::Result<void> sound_chain(const std::string& type, const Chain& chain) const;
  base::Result<base::Json> bring_up(const std::string& type, int from, int newest, base::Json data) const;
  base::Result<void> validate(const std::string& type, int version, const base::Json& data) const;

  const EventSchemas* schemas_ = nullptr;
  std::map<std::string, Chain> chains_;  // by type
  std::string twice_;                    // what was registered a second time
};

}  // namespace chassis::consumer
