#include "base/pact/check.hpp"

#include <algorithm>

#include "base/pact/date_pattern.hpp"

namespace base::pact {
namespace {

constexpr std::size_t most_shown = 200;

std::string_view type_name(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "a text";
  if (value.is_boolean()) return "true or false";
  if (value.is_null()) return "null";
  return "a number";
}

bool same_type(const Json& a, const Json& b) {
  return (a.is_number() && b.is_number()) || (!a.is_number() && a.type() == b.type());
}

// Whatever the order of keys, which counts where Json is compared by ==.
bool same(const Json& expected, const Json& actual) {
  if (!expected.is_structured() || !actual.is_structured()) return same_value(expected, actual);
  return match_json(expected, actual, {}, Direction::request).empty();
}

std::string expected_but(std::string_view what, const Json& actual) {
  return "expected " + std::string(what) + ", got " + shown(actual);
}

const Pattern& number_text() {
  static const Pattern pattern = Pattern::make(R"(^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$)").value();
  return pattern;
}
const Pattern& integer_text() {
  static const Pattern pattern = Pattern::make(R"(^[+-]?\d+$)").value();
  return pattern;
}
// From semver.org, "Is there a suggested regular expression".
const Pattern& semver_text() {
  static const Pattern pattern =
      Pattern::make(
          R"(^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$)")
          .value();
  return pattern;
}

using Answer = std::optional<std::string>;

Answer check_regex(const Rule& rule, const Json& actual) {
  if (!rule.pattern) return rule.defect;
  if (rule.pattern->found_in(plain_text(actual))) return {};
  return expected_but("a match of `" + rule.text + "`", actual);
}

Answer check_size(const Rule& rule, const Json& actual, bool cascaded) {
  if (cascaded || !actual.is_array()) return {};
  const auto size = static_cast<std::int64_t>(actual.size());
  if (rule.min && size < *rule.min) return expected_but("at least " + std::to_string(*rule.min) + " elements", actual);
  if (rule.max && size > *rule.max) return expected_but("at most " + std::to_string(*rule.max) + " elements", actual);
  return {};
}

Answer check_type(const Rule& rule, const Json& expected, const Json& actual, bool cascaded, Reading reading) {
  if (reading == Reading::json && !same_type(expected, actual)) return expected_but(type_name(expected), actual);
  return check_size(rule, actual, cascaded);
}

Answer check_number(RuleKind kind, const Json& actual, Reading reading) {
  const auto what = kind == RuleKind::integer   ? "a whole number"
                    : kind == RuleKind::decimal ? "a decimal number"
                                                : "a number";
  bool fits = false;
  if (reading == Reading::text && actual.is_string()) {
    const auto& text = actual.get_ref<const std::string&>();
    const bool whole = integer_text().found_in(text);
    fits = kind == RuleKind::integer ? whole : number_text().found_in(text) && (kind == RuleKind::number || !whole);
  } else {
    fits = kind == RuleKind::integer   ? actual.is_number_integer()
           : kind == RuleKind::decimal ? actual.is_number_float()
                                       : actual.is_number();
  }
  return fits ? Answer() : expected_but(what, actual);
}

Answer check_date(const Rule& rule, const Json& actual) {
  auto format = rule.text;
  if (format.empty()) {
    format = rule.kind == RuleKind::date   ? "yyyy-MM-dd"
             : rule.kind == RuleKind::time ? "HH:mm:ss"
                                           : "yyyy-MM-dd'T'HH:mm:ssXXX";
  }
  const auto pattern = DatePattern::parse(format);
  if (!pattern) return pattern.error().message;
  const auto wrong = pattern.value().mismatch(plain_text(actual));
  if (!wrong) return {};
  const auto what = rule.kind == RuleKind::date ? "a date" : rule.kind == RuleKind::time ? "a time" : "a date and time";
  return expected_but(std::string(what) + " in the form `" + format + "`", actual) + " (" + *wrong + ")";
}

Answer check_boolean(const Json& actual) {
  if (actual.is_boolean() || actual == "true" || actual == "false") return {};
  return expected_but("true or false", actual);
}

Answer check_content_type(const Rule& rule, const Json& actual) {
  const auto found = sniff(plain_text(actual));
  const auto wanted = media_type(rule.text);
  if (found == wanted || (is_xml(found) && is_xml(wanted))) return {};
  // Text without a mark of its own may be of any textual type.
  if (found == "text/plain" && is_text(wanted) && !is_json(wanted) && !is_xml(wanted)) return {};
  return "expected content of type " + rule.text + ", got " + found;
}

Answer check_not_empty(const Json& actual) {
  const bool empty = actual.is_null() || ((actual.is_array() || actual.is_object()) && actual.empty()) || actual == "";
  return empty ? expected_but("something that is not empty", actual) : Answer();
}

Answer check_semver(const Json& actual) {
  if (actual.is_string() && semver_text().found_in(actual.get_ref<const std::string&>())) return {};
  return expected_but("a semantic version", actual);
}

Answer check_status(const Rule& rule, const Json& actual) {
  const auto text = plain_text(actual);
  for (const auto& [first, last] : rule.statuses) {
    for (int code = first; code <= last && code < first + 600; ++code) {
      if (text == std::to_string(code)) return {};
    }
  }
  std::string wanted;
  for (const auto& [first, last] : rule.statuses) {
    wanted +=
        (wanted.empty() ? "" : ", ") + std::to_string(first) + (first == last ? "" : " to " + std::to_string(last));
  }
  return "expected the status " + wanted + ", got " + text;
}

// Rules for keys and elements of a collection, where there is none.
Answer check_each(const Rule& rule, const Json& actual) {
  if (rule.kind == RuleKind::array_contains || rule.kind == RuleKind::each_value) {
    if (actual.is_array() || (actual.is_object() && rule.kind == RuleKind::each_value)) return {};
    return expected_but(rule.kind == RuleKind::array_contains ? "a list" : "a list or an object", actual);
  }
  return actual.is_object() ? Answer() : expected_but("an object", actual);
}

}  // namespace

bool same_value(const Json& expected, const Json& actual) {
  return expected == actual && expected.is_number_float() == actual.is_number_float();
}

std::string shortened(std::string text) {
  if (text.size() <= most_shown) return text;
  auto end = most_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "…";
}

std::string plain_text(const Json& value) { return value.is_string() ? value.get<std::string>() : dump_json(value); }

std::string shown(const Json& value) {
  if (value.is_array()) return "a list of " + std::to_string(value.size());
  if (value.is_object()) return "an object of " + std::to_string(value.size());
  if (value.is_null()) return "null";
  if (value.is_string()) return "the text " + shortened(dump_json(value));
  return (value.is_number() ? "the number " : "") + dump_json(value);
}

Mismatch mismatch(Place where, std::string path, std::string rule, const Json& expected, const Json& actual,
                  std::string message) {
  return {where,
          std::move(path),
          std::move(rule),
          shortened(plain_text(expected)),
          shortened(plain_text(actual)),
          std::move(message)};
}

std::optional<std::string> check(const Rule& rule, const Json& expected, const Json& actual, bool cascaded,
                                 Reading reading) {
  switch (rule.kind) {
    case RuleKind::equality:
    case RuleKind::values:
      return same(expected, actual) ? Answer() : expected_but(shown(expected), actual);
    case RuleKind::regex:
      return check_regex(rule, actual);
    case RuleKind::type:
      return check_type(rule, expected, actual, cascaded, reading);
    case RuleKind::include:
      return plain_text(actual).find(rule.text) != std::string::npos
                 ? Answer()
                 : expected_but("something that includes \"" + rule.text + "\"", actual);
    case RuleKind::integer:
    case RuleKind::decimal:
    case RuleKind::number:
      return check_number(rule.kind, actual, reading);
    case RuleKind::date:
    case RuleKind::time:
    case RuleKind::datetime:
      return check_date(rule, actual);
    case RuleKind::null:
      return actual.is_null() || (reading == Reading::text && actual == "") ? Answer() : expected_but("null", actual);
    case RuleKind::boolean:
      return check_boolean(actual);
    case RuleKind::content_type:
      return check_content_type(rule, actual);
    case RuleKind::array_contains:
    case RuleKind::each_key:
    case RuleKind::each_value:
      return check_each(rule, actual);
    case RuleKind::status_code:
      return check_status(rule, actual);
    case RuleKind::not_empty:
      return check_not_empty(actual);
    case RuleKind::semver:
      return check_semver(actual);
    case RuleKind::unknown:
      return rule.defect;
  }
  return {};
}

std::optional<std::string> check(const Rule& rule, const Json& expected, const Json& actual, bool cascaded) {
  return check(rule, expected, actual, cascaded, Reading::json);
}

std::vector<Finding> check(const RuleList& list, const Json& expected, const Json& actual, bool cascaded,
                           Reading reading) {
  std::vector<Finding> findings;
  for (const auto& rule : list.rules) {
    auto message = check(rule, expected, actual, cascaded, reading);
    if (message) findings.push_back({describe(rule), std::move(*message)});
    if (!message && list.any) return {};
  }
  return findings;
}

}  // namespace base::pact
