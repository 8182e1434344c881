#pragma once
// multipart bodies (RFC 2046, RFC 7578): their parts, and comparing them by name rather than by bytes, as the boundary
// is another one each time. Inside the module.

#include <string>
#include <string_view>
#include <vector>

#include "base/http/message.hpp"
#include "base/pact/match.hpp"

namespace base::pact {

struct Part {
  std::string name;          // of Content-Disposition; empty when it has none
  std::string content_type;  // empty when it has none
  base::http::Headers headers;
  std::string bytes;
};

inline constexpr std::size_t max_parts = 1000;

// Errors: malformed (no boundary, no final boundary, a broken header block).
Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view bytes);

std::vector<Mismatch> match_multipart(const Body& expected, const Body& actual, const RuleCategory& rules,
                                      Direction direction, const MatchOptions& options);

}  // namespace base::pact
