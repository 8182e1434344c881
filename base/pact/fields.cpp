#include "base/pact/fields.hpp"

#include <algorithm>
#include <array>

#include "base/pact/check.hpp"

namespace base::pact {
namespace {

Json as_json(const std::vector<std::string>& values) { return values.size() == 1 ? Json(values[0]) : Json(values); }

std::string_view bare(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  while (!text.empty() && white.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (!text.empty() && white.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(bare(text.substr(at, end - at)));
    at = end + 1;
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (&part == parts.data() ? "" : ", ") + part;
  return text;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Type and parameters of `text/html; a=1; b=2`: the type as it is, parameters in any order and their values without
// regard to case; those that the example does not have may come.
bool same_parameters(const std::string& expected, const std::string& actual) {
  const auto want = split(expected, ';');
  const auto have = split(actual, ';');
  if (want[0] != have[0]) return false;
  return std::all_of(want.begin() + 1, want.end(), [&](const std::string& parameter) {
    return std::any_of(have.begin() + 1, have.end(), [&](const std::string& other) {
      const auto a = split(parameter, '=');
      const auto b = split(other, '=');
      return a[0] == b[0] && lower(joined(a)) == lower(joined(b));
    });
  });
}

bool single_value(std::string_view name) {
  constexpr std::array singles = {"date",      "accept-datetime", "if-modified-since", "if-unmodified-since",
                                  "expires",   "retry-after",     "last-modified",     "set-cookie",
                                  "user-agent"};
  return std::any_of(singles.begin(), singles.end(), [&](const char* one) { return http::iequals(name, one); });
}

bool same_header(const std::string& name, const std::string& expected, const std::string& actual) {
  if (expected == actual) return true;
  if (http::iequals(name, "content-type")) return same_parameters(expected, actual);
  if (single_value(name)) return false;
  const auto want = split(expected, ',');
  const auto have = split(actual, ',');
  return http::iequals(name, "accept") ? std::equal(want.begin(), want.end(), have.begin(), have.end(), same_parameters)
                                       : want == have;
}

void add_findings(std::vector<Mismatch>& found, Place where, const std::string& path, const Json& expected,
                  const Json& actual, const std::vector<Finding>& findings) {
  for (const auto& [rule, message] : findings) {
    found.push_back(mismatch(where, path, rule, expected, actual, message));
  }
}

// One header with rules: they hold for the whole value, or for each element of its list.
std::vector<Mismatch> header_by_rules(const std::string& name, const std::vector<std::string>& expected,
                                      const std::string& actual, const RuleList& list) {
  const auto whole = check(list, joined(expected), actual, false, Reading::text);
  if (whole.empty()) return {};
  const auto parts = single_value(name) ? std::vector<std::string>{actual} : split(actual, ',');
  const bool each = parts.size() > 1 && std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
                      return check(list, expected.empty() ? "" : expected[0], part, false, Reading::text).empty();
                    });
  std::vector<Mismatch> found;
  if (!each) add_findings(found, Place::header, name, joined(expected), actual, whole);
  return found;
}

}  // namespace

std::vector<Mismatch> match_values(Place where, const std::string& name, const std::vector<std::string>& expected,
                                   const std::vector<std::string>& actual, const RuleCategory& rules) {
  std::vector<Mismatch> found;
  const auto* general = choose(rules, name, std::string::npos, false);
  if (general == nullptr && expected.size() != actual.size()) {
    found.push_back(
        mismatch(where, name, "equality", as_json(expected), as_json(actual),
                 "expected " + std::to_string(expected.size()) + " value(s), got " + std::to_string(actual.size())));
    return found;
  }
  if (general != nullptr) {
    for (const auto& rule : general->rules) {
      if (!rule.min && !rule.max) continue;
      const auto message = check(rule, Json(expected), Json(actual), false, Reading::text);
      if (message) found.push_back(mismatch(where, name, describe(rule), as_json(expected), as_json(actual), *message));
    }
  }
  for (std::size_t i = 0; i < actual.size() && found.size() < max_mismatches; ++i) {
    const auto path = actual.size() == 1 ? name : name + "[" + std::to_string(i) + "]";
    const auto example = i < expected.size() ? expected[i] : expected.empty() ? std::string() : expected[0];
    if (const auto* list = choose(rules, name, i, false); list != nullptr) {
      add_findings(found, where, path, example, actual[i], check(*list, example, actual[i], false, Reading::text));
    } else if (example != actual[i]) {
      found.push_back(mismatch(where, path, "equality", example, actual[i],
                               "expected " + shown(example) + ", got " + shown(actual[i])));
    }
  }
  return found;
}

std::vector<Mismatch> match_fields(Place where, const Fields& expected, const Fields& actual, const RuleCategory& rules,
                                   bool strict) {
  std::vector<Mismatch> found;
  for (const auto& [name, values] : expected) {
    const auto* got = find(actual, name);
    if (got == nullptr) {
      found.push_back(mismatch(where, name, "equality", as_json(values), "", "expected a value, there is none"));
      continue;
    }
    const auto more = match_values(where, name, values, *got, rules);
    found.insert(found.end(), more.begin(), more.end());
  }
  for (const auto& [name, values] : actual) {
    if (!strict || find(expected, name) != nullptr) continue;
    found.push_back(mismatch(where, name, "equality", "", as_json(values), "is not expected in a request"));
  }
  if (found.size() > max_mismatches) found.resize(max_mismatches);
  return found;
}

std::vector<Mismatch> match_headers(const Fields& expected, const base::http::Headers& actual,
                                    const RuleCategory& rules) {
  std::vector<Mismatch> found;
  for (const auto& [name, values] : expected) {
    std::vector<std::string> got;
    for (const auto& [other, value] : actual) {
      if (http::iequals(other, name)) got.push_back(value);
    }
    if (got.empty()) {
      found.push_back(
          mismatch(Place::header, name, "equality", joined(values), "", "expected the header, which is missing"));
      continue;
    }
    const auto text = joined(got);
    if (const auto* list = choose(rules, name, 0, true); list != nullptr) {
      const auto more = header_by_rules(name, values, text, *list);
      found.insert(found.end(), more.begin(), more.end());
    } else if (!same_header(name, joined(values), text)) {
      found.push_back(mismatch(Place::header, name, "equality", joined(values), text,
                               "expected \"" + shortened(joined(values)) + "\", got \"" + shortened(text) + "\""));
    }
  }
  return found;
}

Fields parse_fields(std::string_view text) {
  Fields fields;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('&', at), text.size());
    const auto pair = text.substr(at, end - at);
    at = end + 1;
    if (pair.empty()) continue;
    const auto decoded = [](std::string_view part) {
      std::string spaced(part);
      std::replace(spaced.begin(), spaced.end(), '+', ' ');
      std::string out;
      return http::percent_decode(spaced, out) ? out : spaced;
    };
    const auto equals = pair.find('=');
    const auto name = decoded(pair.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::string() : decoded(pair.substr(equals + 1));
    const auto there =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
    if (there != fields.end()) {
      there->second.push_back(std::move(value));
    } else {
      fields.emplace_back(name, std::vector{std::move(value)});
    }
  }
  return fields;
}

}  // namespace base::pact
