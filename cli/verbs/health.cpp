#include <unistd.h>

#include <memory>

#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

// What the report says when nothing runs: the same shape, nobody ready.
base::Result<base::Json> nothing_runs(const Place& place) {
  TRY(const spec::Cluster cluster, place.load());
  control::HealthReport report;
  for (const auto& [name, service] : cluster.services) {
    report.services.push_back({name, "stopped", {false, "stopped", {}}, {false, "stopped", {}}});
  }
  return control::to_json(report);
}

std::string probe_text(const base::Json& probe) {
  const std::string status = printable(probe.value("status", ""));
  if (!probe.value("ok", false)) return status.empty() ? "NOT OK" : "NOT OK: " + status;
  return status == "degraded" ? status : "ok";
}

std::string checks_text(const base::Json& probe) {
  std::string text;
  for (const auto& check : probe.value("checks", base::Json::array())) {
    if (!text.empty()) text += ", ";
    text += printable(check.value("name", "?")) + (check.value("ok", false) ? " ok" : " NOT OK");
  }
  return text.empty() ? "-" : text;
}

std::string table_of(const base::Json& report) {
  std::vector<Row> rows;
  for (const auto& service : report.value("services", base::Json::array())) {
    const auto live = service.value("live", base::Json::object());
    const auto ready = service.value("ready", base::Json::object());
    rows.push_back({service.value("name", "?"), service.value("state", "?"), probe_text(live), probe_text(ready),
                    checks_text(ready)});
  }
  const Style style = Style::for_descriptor(STDOUT_FILENO);
  return format_table(
      {"NAME", "STATE", "LIVE", "READY", "CHECKS"}, rows,
      [&](std::size_t, std::size_t column, const std::string& text) { return column == 1 ? style.state(text) : text; });
}

int health(Format format) {
  const auto place = find_place();
  if (!place) return report(place.error());
  auto answer = place.value().client().health();
  if (!answer && answer.error().code == base::ErrorCode::unavailable) {
    say_error("msctl: " + why_nobody_answers(place.value()));
    if (supervisor_was_lost(place.value())) return failed;  // whoever runs, nobody asks them
    answer = nothing_runs(place.value());
  }
  if (!answer) return report(answer.error());
  print(format == Format::table ? table_of(answer.value()) : format_document(answer.value(), format));
  return answer.value().value("ready", false) ? ok : unhealthy;
}

}  // namespace

void add_health(Verbs& verbs) {
  auto format = std::make_shared<Format>(Format::table);
  verbs.add("health", "Ask every service for its live and ready checks; exit 0 when all are ready")
      .output(*format)
      .footer("Examples:\n  msctl health\n  msctl health --output json\nExit code 4 when a service is not ready.")
      .run([format] { return health(*format); });
}

}  // namespace cli
