#include "cli/api/report.hpp"

#include "base/joined.hpp"
#include "cli/report/report.hpp"
#include "cli/terminal/table.hpp"

namespace api {
namespace {

using base::Json;
using Colour = cli::Style::Colour;

std::string place_of(const Finding& finding) {
  return finding.file + (finding.line > 0 ? ":" + std::to_string(finding.line) : "");
}

std::string plural(std::size_t number, const std::string& word) {
  return std::to_string(number) + " " + word + (number == 1 ? "" : "s");
}

}  // namespace

std::size_t count(const Outcome& outcome) {
  std::size_t total = 0;
  for (const auto& checked : outcome.services) total += checked.findings.size();
  return total;
}

std::string text_of(const Outcome& outcome, const std::string& base, const cli::Style& style) {
  if (outcome.services.empty())
    return "no service has a proto file or an openapi.json, now or at " + cli::printable(base) + "\n";
  std::string text;
  std::vector<cli::Row> rows;
  for (const auto& checked : outcome.services) {
    for (const auto& f : checked.findings) {
      rows.push_back({cli::printable(place_of(f)), cli::printable(f.subject), f.rule, cli::printable(f.message)});
    }
  }
  if (!rows.empty()) {
    text += cli::format_table({"WHERE", "WHAT", "RULE", "CHANGE"}, rows,
                              [&style](std::size_t, std::size_t column, const std::string& cell) {
                                return column == 2 ? style.paint(Colour::red, cell) : cell;
                              }) +
            "\n";
  }
  for (const auto& checked : outcome.services) {
    if (checked.findings.empty()) {
      text += style.paint(Colour::green, "ok") + "      " + checked.service + ": compatible with " +
              cli::printable(base) + "\n";
      continue;
    }
    const auto& breaks = checked.findings.front().breaks;
    text += style.paint(Colour::red, "broken") + "  " + checked.service + ": " +
            plural(checked.findings.size(), "change") + (checked.findings.size() == 1 ? " breaks " : " break ") +
            (breaks.empty() ? "nobody in this cluster, but maybe others" : base::joined(breaks)) + "\n";
  }
  return text;
}

Json document_of(const Outcome& outcome, const std::string& base) {
  Json findings = Json::array();
  Json services = Json::array();
  for (const auto& checked : outcome.services) {
    services.push_back(
        {{"service", checked.service}, {"compatible", checked.findings.empty()}, {"files", checked.files}});
    for (const auto& f : checked.findings) {
      findings.push_back({{"service", f.service},
                          {"rule", f.rule},
                          {"file", f.file},
                          {"line", f.line},
                          {"subject", f.subject},
                          {"message", f.message},
                          {"breaks", f.breaks}});
    }
  }
  return {{"base", base},
          {"commit", outcome.base},
          {"compatible", findings.empty()},
          {"services", services},
          {"findings", findings}};
}

std::string junit_of(const Outcome& outcome) {
  std::vector<report::Suite> suites;
  for (const auto& checked : outcome.services) {
    report::Suite suite{checked.service, {}};
    for (const auto& f : checked.findings) {
      suite.cases.push_back({f.rule + " " + f.subject, report::Outcome::failed, 0, f.message,
                             place_of(f) + "\nbreaks " + base::joined(f.breaks)});
    }
    if (suite.cases.empty()) suite.cases.push_back({"compatible", report::Outcome::passed});
    suites.push_back(std::move(suite));
  }
  return report::junit("api check", suites);
}

}  // namespace api
