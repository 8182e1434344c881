#pragma once
// What really came against what a Pact file says: pure functions to a list of mismatches, empty when all fits. A
// request may hold nothing unexpected in query and body; a response may (the specification's robustness principle).
//
// Regular expressions run in linear time (base/pattern). Depth and the number of mismatches are bounded.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/message.hpp"
#include "base/json.hpp"
#include "base/pact/model.hpp"

namespace base::pact {

enum class Place : std::uint8_t { method, path, query, header, body, status, metadata };
std::string_view to_text(Place place);  // "body"

struct Mismatch {
  Place where = Place::body;
  std::string path = {};      // `$.items[0].id` in bodies, else the name of the header, parameter or metadata, or empty
  std::string rule = {};      // which rule decided: "equality", "type (min 1)", …
  std::string expected = {};  // as JSON or text, shortened to 200 characters
  std::string actual = {};
  std::string message = {};  // one sentence without the place: "expected a number, got the text \"x\""
};

inline constexpr std::size_t max_mismatches = 100;

// Which side sent what is compared: decides whether unexpected keys are mismatches.
enum class Direction : std::uint8_t { request, response };

// Compares bodies of a content type that this module does not read. Empty: not mine. base/pact/xml has one for XML.
using BodyMatcher = std::function<std::optional<std::vector<Mismatch>>(const Body& expected, const Body& actual,
                                                                       const RuleCategory& rules, Direction direction)>;
struct MatchOptions {
  std::vector<BodyMatcher> body_matchers = {};
  int nested = 0;  // in how many multipart bodies the body lies
};

// The target of an actual request is origin-form, percent-encoded.
std::vector<Mismatch> match_request(const HttpRequest& expected, const base::http::Request& actual,
                                    const MatchOptions& options = {});
std::vector<Mismatch> match_response(const HttpResponse& expected, const base::http::Response& actual,
                                     const MatchOptions& options = {});

// A message that came. The content type of the actual contents is compared when both are known.
struct ActualMessage {
  Body contents = {};
  Json metadata = Json::object();
};
std::vector<Mismatch> match_message(const Message& expected, const ActualMessage& actual,
                                    Direction direction = Direction::response, const MatchOptions& options = {});

// Parts, for whoever has decoded a body by himself (protobuf as JSON with its field names).
std::vector<Mismatch> match_json(const Json& expected, const Json& actual, const RuleCategory& rules,
                                 Direction direction);
std::vector<Mismatch> match_metadata(const Json& expected, const Json& actual, const RuleCategory& rules);
std::vector<Mismatch> match_body(const Body& expected, const Body& actual, const RuleCategory& rules,
                                 Direction direction, const MatchOptions& options = {});

// One value against one rule. Empty when it fits, else the sentence of the mismatch.
std::optional<std::string> check(const Rule& rule, const Json& expected, const Json& actual, bool cascaded = false);

}  // namespace base::pact
