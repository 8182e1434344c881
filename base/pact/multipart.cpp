#include "base/pact/multipart.hpp"

#include <algorithm>

#include "base/pact/check.hpp"

namespace base::pact {
namespace {

Error broken(const std::string& what) { return fail(ErrorCode::malformed, "a multipart body " + what); }

Result<Part> parse_part(std::string_view text) {
  Part part;
  const auto gap = text.find("\r\n\r\n");
  const auto no_headers = text.starts_with("\r\n");
  if (gap == std::string_view::npos && !no_headers) return broken("has a part without a header block");
  auto head = no_headers ? std::string_view() : text.substr(0, gap);
  part.bytes = text.substr(no_headers ? 2 : gap + 4);
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    const auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return broken("has a header without a colon");
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    part.headers.add(line.substr(0, colon), value);
  }
  part.name = parameter(part.headers.get("content-disposition"), "name");
  part.content_type = part.headers.get("content-type");
  return part;
}

// Rules for the part's name, seen from within the part: `$.photo` is `$` there, `$.data.id` is `$.id`.
RuleCategory rules_of(const RuleCategory& rules, const std::string& name) {
  RuleCategory inner;
  for (const auto& entry : rules) {
    const auto& tokens = entry.path.tokens();
    if (tokens.empty() || tokens[0].kind != PathExpression::Kind::key || tokens[0].text != name) continue;
    std::string path = "$";
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      switch (tokens[i].kind) {
        case PathExpression::Kind::any_key:
          path += ".*";
          break;
        case PathExpression::Kind::any_index:
          path += "[*]";
          break;
        default:
          path += to_text(Where{tokens[i].text}).substr(1);
          break;
      }
    }
    auto parsed = PathExpression::parse(path);
    if (!parsed) continue;
    RuleEntry relative{std::move(parsed).value(), path, entry.list, Json::object()};
    inner.push_back(std::move(relative));
  }
  return inner;
}

Body as_body(const Part& part) {
  Body body;
  body.state = part.bytes.empty() ? Body::State::empty : Body::State::present;
  body.bytes = part.bytes;
  body.content_type = part.content_type.empty() ? "text/plain" : part.content_type;
  return body;
}

}  // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view bytes) {
  auto boundary = parameter(content_type, "boundary");
  if (boundary.empty() && bytes.starts_with("--")) boundary = bytes.substr(2, bytes.find("\r\n") - 2);
  if (boundary.empty()) return broken("has no boundary");
  const auto mark = "--" + boundary;
  auto at = bytes.find(mark);
  std::vector<Part> parts;
  while (at != std::string_view::npos) {
    at += mark.size();
    if (bytes.substr(at, 2) == "--") return parts;
    const auto line_end = bytes.find("\r\n", at);
    const auto next = bytes.find("\r\n" + mark, at);
    if (line_end == std::string_view::npos || next == std::string_view::npos) break;
    if (parts.size() >= max_parts) return broken("has more than 1000 parts");
    const auto begin = line_end + 2;
    TRY(auto part, parse_part(next < begin ? std::string_view("\r\n") : bytes.substr(begin, next - begin)));
    parts.push_back(std::move(part));
    at = next + 2;
  }
  return broken("lacks its final boundary");
}

std::vector<Mismatch> match_multipart(const Body& expected, const Body& actual, const RuleCategory& rules,
                                      Direction direction, const MatchOptions& options) {
  const auto want = parse_multipart(expected.content_type, expected.bytes);
  const auto have = parse_multipart(actual.content_type, actual.bytes);
  std::vector<Mismatch> found;
  const auto add = [&](const std::string& path, const std::string& message) {
    if (found.size() < max_mismatches) found.push_back(mismatch(Place::body, path, "equality", "", "", message));
  };
  if (!want || !have) {
    add("$", (want ? "what came: " : "the example: ") + (want ? have.error() : want.error()).message);
    return found;
  }
  for (const auto& part : want.value()) {
    const auto path = to_text(Where{part.name});
    const auto other = std::find_if(have.value().begin(), have.value().end(),
                                    [&](const Part& candidate) { return candidate.name == part.name; });
    if (other == have.value().end()) {
      add(path, "expected the part \"" + part.name + "\", which is missing");
      continue;
    }
    for (auto& inner : match_body(as_body(part), as_body(*other), rules_of(rules, part.name), direction, options)) {
      inner.path = path + (inner.path.starts_with("$") ? inner.path.substr(1) : inner.path);
      if (found.size() < max_mismatches) found.push_back(std::move(inner));
    }
  }
  for (const auto& part : have.value()) {
    const bool known = std::any_of(want.value().begin(), want.value().end(),
                                   [&](const Part& candidate) { return candidate.name == part.name; });
    if (!known && direction == Direction::request) {
      add(to_text(Where{part.name}), "the part \"" + part.name + "\" is not expected in a request");
    }
  }
  return found;
}

}  // namespace base::pact
