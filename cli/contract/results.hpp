#pragma once
// What came of verifying contracts, and its forms for people and machines. Plain values and pure functions.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/pact/match.hpp"

namespace contract {

enum class Outcome : std::uint8_t {
  passed,
  mismatched,    // the provider answered otherwise than the contract says
  state_failed,  // the provider could not be brought into a state, or back
  unreachable,   // the provider did not answer at all: nothing is known of the contract
  unverifiable,  // no part of msctl can verify this, for instance for want of a plugin
  unreadable,    // the file is no Pact file
};

// ok, mismatch, state failed, provider down, not verifiable, unreadable file.
std::string_view word(Outcome outcome);

// One interaction, or a file that could not be read.
struct Result {
  std::string consumer;
  std::string provider;
  std::string interaction;  // its description
  std::string states;       // in one line, empty without any
  std::string kind;         // "Synchronous/HTTP"
  std::string source;       // file or URL
  Outcome outcome = Outcome::passed;
  bool pending = false;  // failing is no failure yet
  std::vector<base::pact::Mismatch> mismatches = {};
  std::string why = {};  // one sentence; for a mismatch its first one
  double seconds = 0;
  std::string id = {};  // by which a broker knows the interaction

  bool fails() const { return outcome != Outcome::passed && !pending; }
};

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;       // broken or unknown, and not pending
  std::size_t pending = 0;      // would have failed
  std::size_t unreachable = 0;  // of the failed ones
};

Totals totals_of(const std::vector<Result>& results);

// "$.items[0].id in the body: expected a number, got the text \"x\"".
std::string sentence(const base::pact::Mismatch& mismatch);

// The stable form: {"contracts": [{consumer, provider, interaction, states, kind, source, result, pending, why,
// mismatches: [{where, path, rule, expected, actual, message}], seconds}], "passed", "failed", "pending"}.
base::Json to_json(const std::vector<Result>& results);
std::string to_junit(const std::vector<Result>& results);
// `versions` and the like: lines shown below the title.
std::string to_html(const std::vector<Result>& results, const std::vector<std::string>& lines);

}  // namespace contract
