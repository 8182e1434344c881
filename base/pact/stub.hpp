#pragma once
// Answering in place of a provider: which interaction a request is meant for, and what to say when there is none.
// Shared by the mock server of consumers' tests and by `msctl stub`. Pure functions.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/message.hpp"
#include "base/pact/match.hpp"

namespace base::pact {

// A request may name the provider state it is about, by this header, once per state: only interactions given this state
// are looked at then.
inline constexpr std::string_view state_header = "X-Pact-State";

struct Choice {
  const Interaction* interaction = nullptr;  // the best match, or the nearest; null when there are none of HTTP
  bool fits = false;
  std::vector<Mismatch> mismatches = {};  // of the nearest
};

// Of several that fit, the one that leaves least open (fewest rules); of equals, the first. Where none fits, the one
// that differs least: method and path count most.
Choice choose_interaction(std::span<const Interaction* const> interactions, const base::http::Request& request,
                          const MatchOptions& options = {});

// "GET /v1/users/7 is nearest to \"a user\" given a user exists, and differs: query page: …": for people.
std::string explain(const base::http::Request& request, const Choice& choice);
// One mismatch in a line: "body $.items[0].id: expected a number, got the text \"x\"".
std::string to_text(const Mismatch& mismatch);

// 500 application/problem+json with what was nearest and each difference in `errors` (type
// urn:msctl:problem:no-interaction).
base::http::Response no_interaction(const base::http::Request& request, const Choice& choice);

}  // namespace base::pact
