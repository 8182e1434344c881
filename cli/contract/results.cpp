#include "cli/contract/results.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "cli/report/report.hpp"

namespace contract {
namespace {

using base::Json;
using base::pact::Mismatch;
using base::pact::Place;
using report::escape;

// "$.id in the body", "header Content-Type", "the status".
std::string place_of(const Mismatch& mismatch) {
  switch (mismatch.where) {
    case Place::body:
      return mismatch.path.empty() ? "the body" : mismatch.path + " in the body";
    case Place::header:
      return mismatch.path.empty() ? "the headers" : "header " + mismatch.path;
    case Place::query:
      return mismatch.path.empty() ? "the query" : "query parameter " + mismatch.path;
    case Place::metadata:
      return mismatch.path.empty() ? "the metadata" : "metadata " + mismatch.path;
    default:
      return "the " + std::string(base::pact::to_text(mismatch.where));
  }
}

std::string clean(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return line;
}

std::string detail_of(const Result& result) {
  std::string text;
  for (const auto& mismatch : result.mismatches) {
    text += sentence(mismatch) + "\n  expected: " + mismatch.expected + "\n  got:      " + mismatch.actual +
            (mismatch.rule.empty() ? "" : "\n  rule:     " + mismatch.rule) + "\n";
  }
  return text;
}

std::string name_of(const Result& result) {
  return result.interaction + (result.states.empty() ? "" : " (given " + result.states + ")");
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.0f ms", seconds * 1000);
  return text.data();
}

std::string result_cell(const Result& result) {
  const bool passed = result.outcome == Outcome::passed;
  const std::string colour = passed ? "ok" : result.pending ? "warn" : "bad";
  std::string text(word(result.outcome));
  if (result.pending && !passed) text += " (pending)";
  return "<td class=\"" + colour + "\" style=\"white-space: nowrap\">" + escape(text) + "</td>";
}

std::string shown(const std::string& value) {
  return value.empty() ? std::string("<span class=\"dim\">nothing</span>") : "<code>" + escape(value) + "</code>";
}

// What is wrong, in a row of its own below the interaction.
std::string why_html(const Result& result) {
  std::string html = "<tr><td colspan=\"3\" class=\"wide\">";
  if (result.mismatches.empty()) return html + "<pre>" + escape(result.why) + "</pre></td></tr>\n";
  html += "<table>\n<tr><th>where</th><th>expected</th><th>got</th><th>why</th></tr>\n";
  for (const auto& mismatch : result.mismatches) {
    const bool says_more = !mismatch.rule.empty() && mismatch.rule != "equality";
    html += "<tr><td>" + escape(place_of(mismatch)) + "</td><td>" + shown(mismatch.expected) + "</td><td>" +
            shown(mismatch.actual) + "</td><td>" + escape(mismatch.message) +
            (says_more ? "<br><span class=\"dim\">" + escape(mismatch.rule) + "</span>" : "") + "</td></tr>\n";
  }
  return html + "</table></td></tr>\n";
}

std::string row_html(const Result& result) {
  std::string html = "<tr><td class=\"wide\">" + escape(result.interaction);
  if (!result.states.empty()) html += "<br><span class=\"dim\">given " + escape(result.states) + "</span>";
  html += "</td>" + result_cell(result) + "<td class=\"num dim\" style=\"white-space: nowrap\">" +
          seconds_text(result.seconds) + "</td></tr>\n";
  return result.outcome == Outcome::passed ? html : html + why_html(result);
}

using Pair = std::pair<std::string, std::string>;

std::map<Pair, std::vector<const Result*>> by_pair(const std::vector<Result>& results) {
  std::map<Pair, std::vector<const Result*>> pairs;
  for (const auto& result : results) pairs[{result.consumer, result.provider}].push_back(&result);
  return pairs;
}

std::string pair_title(const Pair& pair, const std::vector<const Result*>& results) {
  return pair.first.empty() ? results.front()->source : pair.first + " → " + pair.second;
}

std::string count_text(std::size_t number, const char* what) { return std::to_string(number) + " " + what; }

}  // namespace

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "ok";
    case Outcome::mismatched:
      return "mismatch";
    case Outcome::state_failed:
      return "state failed";
    case Outcome::unreachable:
      return "provider down";
    case Outcome::unverifiable:
      return "not verifiable";
    case Outcome::unreadable:
      return "unreadable file";
  }
  return "";
}

Totals totals_of(const std::vector<Result>& results) {
  Totals totals;
  for (const auto& result : results) {
    if (result.outcome == Outcome::passed) {
      ++totals.passed;
    } else if (result.pending) {
      ++totals.pending;
    } else {
      ++totals.failed;
      if (result.outcome == Outcome::unreachable) ++totals.unreachable;
    }
  }
  return totals;
}

std::string sentence(const Mismatch& mismatch) { return place_of(mismatch) + ": " + clean(mismatch.message); }

Json to_json(const std::vector<Result>& results) {
  Json list = Json::array();
  for (const auto& result : results) {
    Json one{{"consumer", result.consumer},    {"provider", result.provider}, {"interaction", result.interaction},
             {"states", result.states},        {"kind", result.kind},         {"source", result.source},
             {"result", word(result.outcome)}, {"pending", result.pending},   {"why", result.why},
             {"mismatches", Json::array()},    {"seconds", result.seconds}};
    for (const auto& mismatch : result.mismatches) {
      one["mismatches"].push_back({{"where", base::pact::to_text(mismatch.where)},
                                   {"path", mismatch.path},
                                   {"rule", mismatch.rule},
                                   {"expected", mismatch.expected},
                                   {"actual", mismatch.actual},
                                   {"message", mismatch.message}});
    }
    list.push_back(std::move(one));
  }
  const Totals totals = totals_of(results);
  return {{"contracts", list}, {"passed", totals.passed}, {"failed", totals.failed}, {"pending", totals.pending}};
}

std::string to_junit(const std::vector<Result>& results) {
  std::vector<report::Suite> suites;
  for (const auto& [pair, of_pair] : by_pair(results)) {
    report::Suite suite{pair_title(pair, of_pair), {}};
    for (const Result* result : of_pair) {
      report::Case one{name_of(*result)};
      one.seconds = result->seconds;
      if (result->outcome != Outcome::passed) {
        one.outcome = result->pending ? report::Outcome::skipped : report::Outcome::failed;
        one.message = (result->pending ? "pending: " : "") + std::string(word(result->outcome)) + ": " + result->why;
        one.detail = detail_of(*result);
      }
      suite.cases.push_back(std::move(one));
    }
    suites.push_back(std::move(suite));
  }
  return report::junit("contract-test", suites);
}

std::string to_html(const std::vector<Result>& results, const std::vector<std::string>& lines) {
  const Totals totals = totals_of(results);
  std::string html = "<h1>Contracts</h1>\n<p>";
  html += "<span class=\"ok\">" + count_text(totals.passed, "kept") + "</span>, <span class=\"" +
          (totals.failed > 0 ? "bad" : "dim") + "\">" + count_text(totals.failed, "broken") +
          "</span>, <span class=\"" + (totals.pending > 0 ? "warn" : "dim") + "\">" +
          count_text(totals.pending, "pending") + "</span></p>\n";
  for (const auto& line : lines) html += "<p class=\"dim\">" + escape(line) + "</p>\n";
  // What is broken first.
  std::vector<std::pair<Pair, std::vector<const Result*>>> pairs;
  for (auto& one : by_pair(results)) pairs.push_back(one);
  std::stable_partition(pairs.begin(), pairs.end(), [](const auto& one) {
    return std::any_of(one.second.begin(), one.second.end(), [](const Result* result) { return result->fails(); });
  });
  for (const auto& [pair, of_pair] : pairs) {
    html += "<h2>" + escape(pair_title(pair, of_pair)) + "</h2>\n";
    if (!pair.first.empty()) html += "<p class=\"dim\">" + escape(of_pair.front()->source) + "</p>\n";
    html += "<table class=\"stack\">\n<tr><th>interaction</th><th>result</th><th class=\"num\">took</th></tr>\n";
    for (const Result* result : of_pair) html += row_html(*result);
    html += "</table>\n";
  }
  return report::page("Contracts", html);
}

}  // namespace contract
