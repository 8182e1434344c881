#pragma once
// Matching rules: what may differ between an example in a Pact file and what really came. Values; read from and
// written to the forms of specification V2 (one map of `$.body.x`) and V3/V4 (categories). A rule of a type that is not
// known is kept and written back; matching against it is a mismatch that names it.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/pact/path.hpp"
#include "base/pattern/pattern.hpp"
#include "base/result.hpp"

namespace base::pact {

enum class RuleKind : std::uint8_t {
  equality,
  regex,
  type,
  include,
  integer,
  decimal,
  number,
  date,
  time,
  datetime,
  null,
  boolean,
  content_type,
  values,
  array_contains,
  status_code,
  not_empty,
  semver,
  each_key,
  each_value,
  unknown,
};

struct RuleVariant;

// One matcher with its parameters; only those of its kind are set.
struct Rule {
  RuleKind kind = RuleKind::equality;
  std::string text = {};  // regex; include: the part; date, time, datetime: the format; contentType: the type
  std::optional<std::int64_t> min = {};  // type
  std::optional<std::int64_t> max = {};
  std::optional<Pattern> pattern = {};  // regex, for the whole value; empty when our engine cannot run it
  std::string defect = {};              // why a rule cannot be applied, for instance what in the regex is not supported
  std::vector<std::pair<int, int>> statuses = {};  // statusCode: ranges, both ends inclusive
  std::vector<RuleVariant> variants;               // arrayContains
  std::vector<Rule> rules;                         // eachKey, eachValue
  Json written = {};                               // as it stands in a V3 or V4 file, unknown keys included
};

// The rules of one path; all must hold, or with `any` at least one.
struct RuleList {
  bool any = false;
  std::vector<Rule> rules;
};

// Rules by path: in bodies a path expression, else the name of the header, parameter or metadata, with an index where
// one was given (`$.query.q[0]`).
struct RuleEntry {
  PathExpression path;
  std::string name;  // as written in the file
  RuleList list;
  Json extra = Json::object();  // keys of the entry that we do not know
};
using RuleCategory = std::vector<RuleEntry>;

// arrayContains: one element that must be there. `rules` are relative to that element.
struct RuleVariant {
  std::size_t index = 0;  // which element of the example
  RuleCategory rules;
  Json generators = Json::object();
};

struct MatchingRules {
  RuleList method;
  RuleList path;
  RuleList status;
  RuleCategory query;
  RuleCategory header;
  RuleCategory body;  // the contents of a message as well
  RuleCategory metadata;
  Json extra = Json::object();  // categories that we do not know

  bool empty() const;
};

// One matcher from its JSON form, `{"match": "type", "min": 1}`. Errors: malformed when it is no object, or a parameter
// has the wrong type. A regex that our engine does not run is no error here but a `defect`.
Result<Rule> read_rule(const Json& written);
// Makes `written` anew from the other members, as the DSL needs it.
Json write_rule(const Rule& rule);

// Either form. `where` begins the paths of errors.
Result<MatchingRules> read_rules(const Json& written, const std::string& where);
// The form of V3 and V4. `body_name` is "body", or "content" where a message is V4.
Json write_rules(const MatchingRules& rules, const std::string& body_name = "body");

// A category keyed by path or name, as in V3; used for variants as well.
Result<RuleCategory> read_category(const Json& written, const std::string& where, bool by_name);
Json write_category(const RuleCategory& category);

// The most specific rules for a place in a body: the highest weight, of equals the longest, of those the last.
// `cascaded` says that they were set on an ancestor. Null when there are none.
struct Chosen {
  const RuleList* list = nullptr;
  const PathExpression* path = nullptr;
  bool cascaded = false;
};
Chosen choose(const RuleCategory& category, const Where& place);

// The rules for a name (headers: without regard to case), at an index where they say one.
const RuleList* choose(const RuleCategory& category, std::string_view name, std::size_t index, bool ignore_case);

// "type", "regex `\d+`", "type (min 1)": for reports.
std::string describe(const Rule& rule);
std::string describe(const RuleList& list);

}  // namespace base::pact
