#include <unistd.h>

#include <memory>

#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

constexpr const char* mock_mark = " (mock)";  // a stub runs in the service's place

std::string ports_text(const control::ServiceView& view) {
  std::string text;
  for (const auto& [name, port] : view.ports) {
    if (!text.empty()) text += " ";
    text += name + ":" + (port == 0 ? "auto" : std::to_string(port));
  }
  return text;
}

std::string table_of(const std::vector<control::ServiceView>& views) {
  std::vector<Row> rows;
  for (const auto& view : views) {
    rows.push_back({view.name, view.state + (view.mock ? mock_mark : ""), view.pid ? std::to_string(*view.pid) : "-",
                    std::to_string(view.restarts), view.pid ? format_duration(view.uptime_s) : "-", ports_text(view)});
  }
  const Style style = Style::for_descriptor(STDOUT_FILENO);
  return format_table({"NAME", "STATE", "PID", "RESTARTS", "UPTIME", "PORTS"}, rows,
                      [&](std::size_t, std::size_t column, const std::string& text) {
                        if (column != 1) return text;
                        // Only the state has a colour.
                        const auto mark = text.find(mock_mark);
                        return style.state(text.substr(0, mark)) + (mark == std::string::npos ? "" : text.substr(mark));
                      });
}

int ps(Format format) {
  const auto place = find_place();
  if (!place) return report(place.error());
  auto views = place.value().client().services();
  if (!views) {
    if (views.error().code != base::ErrorCode::unavailable) return report(views.error());
    if (supervisor_was_lost(place.value())) {
      // Its services may run or not; a list that says `stopped` would be a guess.
      say_error("msctl: " + why_nobody_answers(place.value()));
      return failed;
    }
    const auto cluster = place.value().load();
    if (!cluster) return report(cluster.error());
    views = stopped_views(cluster.value());
    say_error("msctl: " + why_nobody_answers(place.value()));
  }
  if (format == Format::table) return print(table_of(views.value())), ok;
  base::Json list = base::Json::array();
  for (const auto& view : views.value()) list.push_back(control::to_json(view));
  print(format_document(list, format));
  return ok;
}

}  // namespace

void add_ps(Verbs& verbs) {
  auto format = std::make_shared<Format>(Format::table);
  verbs.add("ps", "List the services: state, pid, restarts, uptime, ports")
      .output(*format)
      .footer("Examples:\n  msctl ps\n  msctl ps --output json")
      .run([format] { return ps(*format); });
}

}  // namespace cli
