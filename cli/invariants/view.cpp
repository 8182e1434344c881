#include "cli/invariants/view.hpp"

#include <algorithm>
#include <map>

#include "cli/terminal/table.hpp"

namespace invariants {
namespace {

using base::Json;
using Colour = cli::Style::Colour;

Colour colour_of(Status status) {
  if (status == Status::ok) return Colour::green;
  return status == Status::broken ? Colour::red : Colour::dim;
}

std::size_t count_of(const std::vector<Finding>& findings, Status status) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.status == status; }));
}

std::string_view says(const Finding& finding) {
  for (const auto& one : all_invariants()) {
    if (one.name == finding.invariant) return one.says;
  }
  return {};
}

// "expected 1 payment, got 2 payments: ID, ID and 3 more", for each different pair of the two, as they came.
std::vector<std::string> lines_of(const Finding& finding) {
  struct Group {
    std::string says;
    std::vector<std::string> subjects;
  };
  std::vector<Group> groups;
  std::map<std::string, std::size_t> by_text;
  for (const auto& breach : finding.breaches) {
    const std::string text = "expected " + breach.expected + ", got " + breach.got;
    const auto [place, is_new] = by_text.try_emplace(text, groups.size());
    if (is_new) groups.push_back({text, {}});
    groups[place->second].subjects.push_back(breach.subject);
  }
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < groups.size() && i < most_named; ++i) {
    const auto& subjects = groups[i].subjects;
    std::string line = groups[i].says + ": ";
    for (std::size_t n = 0; n < subjects.size() && n < most_named; ++n) line += (n > 0 ? ", " : "") + subjects[n];
    if (subjects.size() > most_named) line += " and " + std::to_string(subjects.size() - most_named) + " more";
    lines.push_back(std::move(line));
  }
  if (groups.size() > most_named) lines.push_back("and " + std::to_string(groups.size() - most_named) + " more kinds");
  return lines;
}

std::string first_line(const Finding& finding) {
  if (finding.status == Status::skipped) return finding.why_skipped;
  if (finding.status == Status::ok) return std::string(says(finding));
  return "broken " + std::to_string(finding.breaches.size()) + (finding.breaches.size() == 1 ? " time: " : " times: ") +
         std::string(says(finding));
}

}  // namespace

std::string table(const std::vector<Finding>& findings, const cli::Style& style) {
  std::vector<cli::Row> rows;
  std::vector<Status> statuses;
  for (const auto& finding : findings) {
    const std::string checked = finding.status == Status::skipped ? "-" : std::to_string(finding.checked);
    rows.push_back({std::string(finding.invariant), std::string(name(finding.status)), checked,
                    cli::printable(first_line(finding))});
    statuses.push_back(finding.status);
    for (const auto& line : lines_of(finding)) {
      rows.push_back({"", "", "", cli::printable(line)});
      statuses.push_back(finding.status);
    }
  }
  return cli::format_table({"INVARIANT", "STATUS", "CHECKED", "EVIDENCE"}, rows,
                           [&](std::size_t row, std::size_t column, const std::string& text) {
                             if (column == 1) return style.paint(colour_of(statuses[row]), text);
                             const bool is_dim = column == 3 && statuses[row] == Status::skipped;
                             return is_dim ? style.paint(Colour::dim, text) : text;
                           });
}

std::string summary(const std::vector<Finding>& findings, std::size_t orders) {
  std::string text = std::to_string(count_of(findings, Status::ok)) + " hold, " +
                     std::to_string(count_of(findings, Status::broken)) + " broken";
  const auto skipped = count_of(findings, Status::skipped);
  if (skipped > 0) text += ", " + std::to_string(skipped) + " skipped";
  return text + ", over " + std::to_string(orders) + (orders == 1 ? " order" : " orders");
}

Json document(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const auto& finding : findings) {
    Json breaches = Json::array();
    for (std::size_t i = 0; i < finding.breaches.size() && i < most_named; ++i) {
      const auto& one = finding.breaches[i];
      breaches.push_back({{"subject", one.subject}, {"expected", one.expected}, {"got", one.got}});
    }
    Json lines = Json::array();
    lines.push_back(first_line(finding));
    for (const auto& line : lines_of(finding)) lines.push_back(line);
    list.push_back({{"invariant", std::string(finding.invariant)},
                    {"status", std::string(name(finding.status))},
                    {"checked", finding.checked},
                    {"broken", finding.breaches.size()},
                    {"evidence", std::move(lines)},
                    {"breaches", std::move(breaches)}});
  }
  return list;
}

std::string list_table() {
  std::vector<cli::Row> rows;
  for (const auto& one : all_invariants()) rows.push_back({std::string(one.name), std::string(one.says)});
  return cli::format_table({"INVARIANT", "WHAT MUST HOLD"}, rows);
}

Json list_document() {
  Json list = Json::array();
  for (const auto& one : all_invariants()) {
    list.push_back({{"invariant", std::string(one.name)}, {"says", std::string(one.says)}});
  }
  return list;
}

bool is_failure(const std::vector<Finding>& findings, bool needs_all) {
  return count_of(findings, Status::broken) > 0 || (needs_all && count_of(findings, Status::skipped) > 0);
}

}  // namespace invariants
