#include "cli/schema/report.hpp"

#include "base/joined.hpp"
#include "base/schema_name.hpp"
#include "cli/report/report.hpp"
#include "cli/terminal/table.hpp"

namespace schema {
namespace {

using base::Json;
using cli::printable;
using Colour = cli::Style::Colour;

std::string versions_of(const Event& event) {
  std::string text;
  for (const auto& version : event.versions) text += (text.empty() ? "v" : ", v") + std::to_string(version.number);
  return text;
}

// mailer (v1, v2), other
std::string consumers_text(const Event& event) {
  std::vector<std::string> parts;
  for (const auto& consumer : event.consumers) {
    const auto knows = event.knows.find(consumer);
    std::string versions;
    for (const int number : knows == event.knows.end() ? std::vector<int>() : knows->second)
      versions += (versions.empty() ? "v" : ", v") + std::to_string(number);
    parts.push_back(consumer + (versions.empty() ? "" : " (" + versions + ")"));
  }
  return parts.empty() ? "-" : base::joined(parts);
}

}  // namespace

std::string text_of(const Outcome& outcome, const cli::Style& style) {
  std::string text;
  std::vector<cli::Row> rows;
  std::map<std::string, std::vector<std::string>> broken;  // event to whom it breaks
  for (const auto& f : outcome.findings) {
    rows.push_back({printable(f.event), printable(f.field), f.rule, printable(f.file), printable(f.message)});
    broken[f.event] = f.breaks;
  }
  if (!rows.empty()) {
    text += cli::format_table({"EVENT", "FIELD", "RULE", "FILE", "WHY"}, rows,
                              [&style](std::size_t, std::size_t column, const std::string& cell) {
                                return column == 2 ? style.paint(Colour::red, cell) : cell;
                              }) +
            "\n";
  }
  for (const auto& event : outcome.events) {
    if (broken.contains(event.type)) continue;
    text += style.paint(Colour::green, "ok") + "      " + printable(event.type) + ": " + versions_of(event) + ", " +
            std::string(name_of(event.mode)) + "\n";
  }
  for (const auto& [event, breaks] : broken) {
    text +=
        style.paint(Colour::red, "broken") + "  " + (event.empty() ? "files without an event" : printable(event)) +
        ": " +
        (breaks.empty() ? "no service of this cluster consumes it, but others may" : "breaks " + base::joined(breaks)) +
        "\n";
  }
  if (text.empty()) text = "no service publishes an event\n";
  return text;
}

Json document_of(const Outcome& outcome) {
  Json events = Json::array();
  for (const auto& event : outcome.events) {
    Json versions = Json::array();
    for (const auto& version : event.versions) versions.push_back(version.number);
    events.push_back({{"event", event.type},
                      {"service", event.service},
                      {"mode", name_of(event.mode)},
                      {"versions", versions},
                      {"consumers", event.consumers}});
  }
  Json findings = Json::array();
  for (const auto& f : outcome.findings) {
    findings.push_back({{"event", f.event},
                        {"service", f.service},
                        {"rule", f.rule},
                        {"file", f.file},
                        {"field", f.field},
                        {"pointer", f.pointer},
                        {"message", f.message},
                        {"breaks", f.breaks}});
  }
  return {{"compatible", findings.empty()}, {"events", events}, {"findings", findings}};
}

std::string junit_of(const Outcome& outcome) {
  std::map<std::string, report::Suite> suites;
  for (const auto& event : outcome.events) suites[event.type].name = event.type;
  for (const auto& f : outcome.findings) {
    auto& suite = suites[f.event];
    suite.name = f.event.empty() ? "events" : f.event;
    suite.cases.push_back(
        {f.rule + " " + f.field, report::Outcome::failed, 0, f.message, f.file + "\nbreaks " + base::joined(f.breaks)});
  }
  std::vector<report::Suite> list;
  for (auto& [name, suite] : suites) {
    if (suite.cases.empty()) suite.cases.push_back({"compatible", report::Outcome::passed});
    list.push_back(std::move(suite));
  }
  return report::junit("schema check", list);
}

std::string list_text(const Catalogue& catalogue) {
  std::vector<cli::Row> rows;
  for (const auto& event : catalogue.events) {
    rows.push_back({printable(event.type), event.service, versions_of(event), std::string(name_of(event.mode)),
                    consumers_text(event), printable(event.versions.back().file)});
  }
  for (const auto& fault : catalogue.faults) {
    if (fault.rule == "EVENT_HAS_SCHEMA")
      rows.push_back({printable(fault.event), fault.service, "none", "-", "-", "-"});
  }
  if (rows.empty()) return "no service publishes an event\n";
  return cli::format_table({"EVENT", "SERVICE", "VERSIONS", "MODE", "CONSUMERS", "NEWEST"}, rows);
}

Json list_document(const Catalogue& catalogue) {
  Json list = Json::array();
  for (const auto& event : catalogue.events) {
    Json versions = Json::array();
    for (const auto& version : event.versions) {
      versions.push_back({{"version", version.number},
                          {"file", version.file},
                          {"urn", base::schema_name(event.type, version.number)}});
    }
    list.push_back({{"event", event.type},
                    {"service", event.service},
                    {"mode", name_of(event.mode)},
                    {"consumers", event.consumers},
                    {"knows", event.knows},
                    {"versions", versions}});
  }
  for (const auto& fault : catalogue.faults) {
    if (fault.rule != "EVENT_HAS_SCHEMA") continue;
    list.push_back({{"event", fault.event},
                    {"service", fault.service},
                    {"mode", nullptr},
                    {"consumers", Json::array()},
                    {"knows", Json::object()},
                    {"versions", Json::array()}});
  }
  return list;
}

}  // namespace schema
