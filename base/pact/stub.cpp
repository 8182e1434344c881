#include "base/pact/stub.hpp"

#include <algorithm>

namespace base::pact {
namespace {

std::size_t rules_in(const MatchingRules& rules) {
  std::size_t count = rules.path.rules.size() + rules.method.rules.size();
  for (const auto* category : {&rules.query, &rules.header, &rules.body}) count += category->size();
  return count;
}

std::size_t cost_of(const std::vector<Mismatch>& mismatches) {
  std::size_t cost = 0;
  for (const auto& one : mismatches) {
    cost += one.where == Place::path ? 100 : one.where == Place::method ? 50 : one.where == Place::query ? 3 : 1;
  }
  return cost;
}

// An example with a body that is not compared says less than one that is.
std::size_t openness(const Interaction& one) {
  return rules_in(one.request.rules) * 2 + (one.request.body.state == Body::State::missing ? 1 : 0);
}

bool has_states(const Interaction& one, const http::Request& request) {
  for (const auto& [name, value] : request.headers) {
    if (!http::iequals(name, state_header)) continue;
    const bool there = std::any_of(one.states.begin(), one.states.end(),
                                   [&v = value](const ProviderState& state) { return state.name == v; });
    if (!there) return false;
  }
  return true;
}

std::string given(const Interaction& one) {
  return one.states.empty() ? std::string() : " given " + describe(one.states);
}

}  // namespace

Choice choose_interaction(std::span<const Interaction* const> interactions, const base::http::Request& request,
                          const MatchOptions& options) {
  Choice best;
  std::size_t best_cost = 0;
  for (const auto* one : interactions) {
    if (one->kind != InteractionKind::http || !has_states(*one, request)) continue;
    auto mismatches = match_request(one->request, request, options);
    const bool fits = mismatches.empty();
    const auto cost = fits ? openness(*one) : cost_of(mismatches);
    const bool better = best.interaction == nullptr || (fits && !best.fits) || (fits == best.fits && cost < best_cost);
    if (!better) continue;
    best_cost = cost;
    best = {one, fits, std::move(mismatches)};
  }
  return best;
}

std::string to_text(const Mismatch& mismatch) {
  return std::string(to_text(mismatch.where)) + (mismatch.path.empty() ? "" : " " + mismatch.path) + ": " +
         mismatch.message;
}

std::string explain(const base::http::Request& request, const Choice& choice) {
  const auto what = request.method + " " + request.target;
  if (choice.interaction == nullptr) return what + " is in no contract: there is no interaction it could be";
  std::string text = what + " is in no contract. Nearest is \"" + choice.interaction->description + "\"" +
                     given(*choice.interaction) + ", which differs:";
  for (const auto& one : choice.mismatches) text += "\n  " + to_text(one);
  return text;
}

base::http::Response no_interaction(const base::http::Request& request, const Choice& choice) {
  Json problem = {{"type", "urn:msctl:problem:no-interaction"},
                  {"title", "No interaction of the contracts fits"},
                  {"status", 500},
                  {"instance", std::string(request.path())}};
  if (choice.interaction == nullptr) {
    problem["detail"] = "the contracts have no interaction that " + request.method + " " + request.target + " could be";
  } else {
    problem["detail"] = request.method + " " + request.target + " is nearest to \"" + choice.interaction->description +
                        "\"" + given(*choice.interaction) + ", and differs in " +
                        std::to_string(choice.mismatches.size()) + " place(s)";
    problem["nearest"] = choice.interaction->description;
    problem["errors"] = Json::array();
    for (const auto& one : choice.mismatches) {
      const auto field = std::string(to_text(one.where)) + (one.path.empty() ? "" : " " + one.path);
      problem["errors"].push_back({{"field", field}, {"message", one.message}});
    }
  }
  http::Response response;
  response.status = 500;
  response.headers.add("Content-Type", "application/problem+json");
  response.body = dump_json(problem);
  return response;
}

}  // namespace base::pact
