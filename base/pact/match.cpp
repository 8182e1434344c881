#include "base/pact/match.hpp"

#include <algorithm>
#include <array>

#include "base/pact/check.hpp"
#include "base/pact/fields.hpp"
#include "base/pact/multipart.hpp"

namespace base::pact {
namespace {

// Multipart within multipart within …
constexpr int max_nested = 4;

void append(std::vector<Mismatch>& found, std::vector<Mismatch> more) {
  for (auto& one : more) {
    if (found.size() < max_mismatches) found.push_back(std::move(one));
  }
}

std::vector<Mismatch> one(Place where, std::string path, std::string rule, const Json& expected, const Json& actual,
                          std::string message) {
  std::vector<Mismatch> found;
  found.push_back(mismatch(where, std::move(path), std::move(rule), expected, actual, std::move(message)));
  return found;
}

std::vector<Mismatch> by_rules(Place where, const RuleList& list, const Json& expected, const Json& actual,
                               const std::string& path = {}) {
  std::vector<Mismatch> found;
  for (auto& [rule, message] : check(list, expected, actual, false, Reading::text)) {
    found.push_back(mismatch(where, path, rule, expected, actual, message));
  }
  return found;
}

std::vector<Mismatch> plain_metadata(const std::string& key, const RuleList& list, const Json& value,
                                     const Json& actual) {
  std::vector<Mismatch> found;
  const auto reading = actual.is_string() ? Reading::text : Reading::json;
  for (auto& [rule, message] : check(list, value, actual, false, reading)) {
    found.push_back(mismatch(Place::metadata, key, rule, value, actual, message));
  }
  return found;
}

// A list or an object in metadata is compared as one in a body, with the key's rules at its root.
std::vector<Mismatch> structured_metadata(const std::string& key, const RuleList& list, const Json& value,
                                          const Json& actual) {
  RuleEntry root;
  root.list = list;
  auto found = match_json(value, actual, {root}, Direction::response);
  for (auto& one : found) {
    one.where = Place::metadata;
    one.path = key + one.path.substr(1);
  }
  return found;
}

bool same_metadata(const Json& value, const Json& actual) {
  if (value.is_structured() && actual.is_structured()) return match_json(value, actual, {}, Direction::request).empty();
  return plain_text(value) == plain_text(actual);
}

std::string decoded(std::string_view path) {
  std::string out;
  return http::percent_decode(path, out) ? out : std::string(path);
}

std::vector<Mismatch> match_path(const HttpRequest& expected, const http::Request& actual) {
  const std::string path(actual.path());
  if (!expected.rules.path.rules.empty()) return by_rules(Place::path, expected.rules.path, expected.path, path);
  if (expected.path == path || decoded(expected.path) == decoded(path)) return {};
  return one(Place::path, {}, "equality", expected.path, path,
             "expected the path " + shortened(expected.path) + ", got " + shortened(path));
}

std::vector<Mismatch> match_method(const HttpRequest& expected, const http::Request& actual) {
  if (!expected.rules.method.rules.empty()) {
    return by_rules(Place::method, expected.rules.method, expected.method, actual.method);
  }
  if (http::iequals(expected.method, actual.method)) return {};
  return one(Place::method, {}, "equality", expected.method, actual.method,
             "expected the method " + expected.method + ", got " + shortened(actual.method));
}

// What a body is, when the content type says so or nothing but its bytes does.
std::string type_of(const Body& body, const Body& other) {
  if (!body.content_type.empty()) return body.content_type;
  if (!other.content_type.empty()) return other.content_type;
  return sniff(body.bytes);
}

Body with_type(Body body, std::string_view header) {
  if (body.content_type.empty()) body.content_type = header;
  return body;
}

std::string first_value(const Fields& headers, std::string_view name) {
  const auto* values = find(headers, name, true);
  return values == nullptr || values->empty() ? std::string() : (*values)[0];
}

Body actual_body(const std::string& bytes, std::string_view content_type) {
  Body body;
  body.state = bytes.empty() ? Body::State::empty : Body::State::present;
  body.bytes = bytes;
  body.content_type = content_type;
  return body;
}

std::vector<Mismatch> match_json_body(const Body& expected, const Body& actual, const RuleCategory& rules,
                                      Direction direction) {
  auto want = parse_json(expected.bytes);
  if (!want)
    return one(Place::body, "$", "equality", expected.bytes, actual.bytes, "the example is " + want.error().message);
  auto have = parse_json(actual.bytes);
  if (!have)
    return one(Place::body, "$", "equality", expected.bytes, actual.bytes, "what came is " + have.error().message);
  return match_json(want.value(), have.value(), rules, direction);
}

std::vector<Mismatch> match_plain(const Body& expected, const Body& actual, const RuleCategory& rules, bool text) {
  const auto chosen = choose(rules, Where{});
  if (chosen.list != nullptr) return by_rules(Place::body, *chosen.list, expected.bytes, actual.bytes, "$");
  if (expected.bytes == actual.bytes) return {};
  if (text) {
    return one(Place::body, "$", "equality", expected.bytes, actual.bytes,
               "expected " + shown(expected.bytes) + ", got " + shown(actual.bytes));
  }
  return one(Place::body, "$", "equality", std::to_string(expected.bytes.size()) + " bytes",
             std::to_string(actual.bytes.size()) + " bytes", "the bytes differ");
}

// `application/json` in the example takes any JSON, such as application/problem+json; a type with a suffix only itself.
bool fits_type(std::string_view want, std::string_view have) {
  const auto type = media_type(want);
  if (type == media_type(have)) return true;
  if (is_json(want) && is_json(have)) return !type.ends_with("+json");
  return is_xml(want) && is_xml(have) && !type.ends_with("+xml");
}

bool checks_only_type(const RuleCategory& rules) {
  const auto chosen = choose(rules, Where{});
  return chosen.list != nullptr && !chosen.list->rules.empty() &&
         std::all_of(chosen.list->rules.begin(), chosen.list->rules.end(),
                     [](const Rule& rule) { return rule.kind == RuleKind::content_type; });
}

std::vector<Mismatch> match_present(const Body& expected, const Body& actual, const RuleCategory& rules,
                                    Direction direction, const MatchOptions& options) {
  const auto want = type_of(expected, actual);
  const auto have = type_of(actual, expected);
  if (checks_only_type(rules)) return match_plain(expected, actual, rules, false);
  if (!fits_type(want, have)) {
    return one(Place::body, "$", "content type", want, have,
               "expected a body of type " + media_type(want) + ", got " + media_type(have));
  }
  for (const auto& matcher : options.body_matchers) {
    if (auto found = matcher(expected, actual, rules, direction)) return std::move(*found);
  }
  const auto type = media_type(want);
  if (is_json(type)) return match_json_body(expected, actual, rules, direction);
  if (type == "application/x-www-form-urlencoded") {
    return match_fields(Place::body, parse_fields(expected.bytes), parse_fields(actual.bytes), rules,
                        direction == Direction::request);
  }
  if (type.starts_with("multipart/") && options.nested < max_nested) {
    auto inner = options;
    ++inner.nested;
    return match_multipart(expected, actual, rules, direction, inner);
  }
  if (is_xml(type) && !rules.empty()) {
    return one(Place::body, "$", "", expected.bytes, actual.bytes,
               "rules for XML need a matcher for XML, which this program has not");
  }
  return match_plain(expected, actual, rules, is_text(type));
}

}  // namespace

std::string_view to_text(Place place) {
  constexpr std::array<std::string_view, 7> names = {"method", "path", "query", "header", "body", "status", "metadata"};
  return names.at(static_cast<std::size_t>(place));
}

std::vector<Mismatch> match_body(const Body& expected, const Body& actual, const RuleCategory& rules,
                                 Direction direction, const MatchOptions& options) {
  switch (expected.state) {
    case Body::State::missing:
      return {};
    case Body::State::empty:
      if (actual.bytes.empty()) return {};
      return one(Place::body, "$", "equality", "", actual.bytes, "expected an empty body");
    case Body::State::null:
      if (actual.bytes.empty() || (is_json(type_of(expected, actual)) && actual.bytes == "null")) return {};
      return one(Place::body, "$", "equality", "null", actual.bytes, "expected no body or null");
    case Body::State::present:
      break;
  }
  if (actual.bytes.empty()) {
    return one(Place::body, "$", "equality", expected.bytes, "", "expected a body, which is missing");
  }
  return match_present(expected, actual, rules, direction, options);
}

std::vector<Mismatch> match_request(const HttpRequest& expected, const base::http::Request& actual,
                                    const MatchOptions& options) {
  auto found = match_method(expected, actual);
  append(found, match_path(expected, actual));
  append(found, match_fields(Place::query, expected.query, parse_fields(actual.query()), expected.rules.query, true));
  append(found, match_headers(expected.headers, actual.headers, expected.rules.header));
  append(found, match_body(with_type(expected.body, first_value(expected.headers, "content-type")),
                           actual_body(actual.body, actual.headers.get("content-type")), expected.rules.body,
                           Direction::request, options));
  return found;
}

std::vector<Mismatch> match_response(const HttpResponse& expected, const base::http::Response& actual,
                                     const MatchOptions& options) {
  std::vector<Mismatch> found;
  if (!expected.rules.status.rules.empty()) {
    found = by_rules(Place::status, expected.rules.status, expected.status, actual.status);
  } else if (expected.status != actual.status) {
    found = one(Place::status, {}, "equality", expected.status, actual.status,
                "expected the status " + std::to_string(expected.status) + ", got " + std::to_string(actual.status));
  }
  append(found, match_headers(expected.headers, actual.headers, expected.rules.header));
  append(found, match_body(with_type(expected.body, first_value(expected.headers, "content-type")),
                           actual_body(actual.body, actual.headers.get("content-type")), expected.rules.body,
                           Direction::response, options));
  return found;
}

std::vector<Mismatch> match_metadata(const Json& expected, const Json& actual, const RuleCategory& rules) {
  std::vector<Mismatch> found;
  for (const auto& [key, value] : expected.items()) {
    const auto other = actual.is_object() ? actual.find(key) : actual.end();
    if (!actual.is_object() || other == actual.end()) {
      found.push_back(mismatch(Place::metadata, key, "equality", value, "", "expected a value, there is none"));
      continue;
    }
    if (const auto* list = choose(rules, key, 0, false); list != nullptr) {
      append(found, other->is_structured() ? structured_metadata(key, *list, value, *other)
                                           : plain_metadata(key, *list, value, *other));
      continue;
    }
    const bool type = http::iequals(key, "contenttype") || http::iequals(key, "content-type");
    const auto same = type ? match_headers({{"Content-Type", {plain_text(value)}}},
                                           [&] {
                                             http::Headers headers;
                                             headers.add("Content-Type", plain_text(*other));
                                             return headers;
                                           }(),
                                           {})
                                 .empty()
                           : same_metadata(value, *other);
    if (!same) {
      found.push_back(mismatch(Place::metadata, key, "equality", value, *other,
                               "expected " + shown(value) + ", got " + shown(*other)));
    }
  }
  return found;
}

std::vector<Mismatch> match_message(const Message& expected, const ActualMessage& actual, Direction direction,
                                    const MatchOptions& options) {
  auto found = match_metadata(expected.metadata, actual.metadata, expected.rules.metadata);
  append(found, match_body(expected.contents, actual.contents, expected.rules.body, direction, options));
  return found;
}

}  // namespace base::pact
