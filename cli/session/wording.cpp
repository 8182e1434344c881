#include "cli/session/wording.hpp"

#include <sys/wait.h>

#include <cmath>
#include <cstdio>

namespace cli {
namespace {

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string plural(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string quoted(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += "         | " + printable(line) + "\n";
  return text;
}

std::optional<std::string> what_happened(const control::EventView& event, const Style& style) {
  const std::string state = style.state(event.state);
  if (event.state == "pending" || event.state == "stopping") return std::nullopt;
  if (event.state == "ready") {
    std::string text = state + " in " + format_elapsed(static_cast<double>(event.elapsed_ms) / 1000);
    if (event.reason == "ready again") text = state + " again";
    return event.pid ? text + " (pid " + std::to_string(*event.pid) + ")" : text;
  }
  if (event.state == "stopped" || event.state == "completed") return state;
  if (event.state == "starting") return state;
  return state + ": " + printable(event.reason);
}

// The first words of a reason tell what kind it is; see supervisor/app/instance.cpp.
std::string next_step(const Failure& failure) {
  const auto pid = failure.reason.find(" is taken by pid ");
  if (pid != std::string::npos) {
    const auto start = pid + std::string_view(" is taken by pid ").size();
    const auto end = failure.reason.find_first_not_of("0123456789", start);
    return "kill " + failure.reason.substr(start, end - start) + "   (or give the service another port)";
  }
  if (failure.reason.starts_with("cannot run") || failure.reason.starts_with("no program")) {
    return "check `command` of " + failure.service + " in its service.yaml or msctl.yaml";
  }
  if (failure.state == "stopped") return "msctl start " + failure.service;
  return "msctl logs " + failure.service;
}

}  // namespace

std::string format_elapsed(double seconds) {
  char text[32];
  if (seconds < 10) {
    std::snprintf(text, sizeof(text), "%lld ms", static_cast<long long>(std::llround(seconds * 1000)));
  } else {
    std::snprintf(text, sizeof(text), "%.1f s", seconds);
  }
  return text;
}

std::optional<std::string> event_line(const control::EventView& event, std::size_t name_width, const Style& style) {
  const auto text = what_happened(event, style);
  if (!text) return std::nullopt;
  return padded(event.service, name_width) + "  " + *text;
}

std::string total_line(std::size_t ready, std::size_t completed, std::size_t already, double seconds) {
  std::string text = plural(ready, "service") + " ready";
  if (completed > 0) text += " and " + std::to_string(completed) + " completed";
  text += " in " + format_elapsed(seconds);
  if (already > 0) text += " (" + std::to_string(already) + " already ran)";
  return text;
}

std::string failure_block(const Failure& failure, const Style& style) {
  std::string text = "\n" + style.paint(Style::Colour::red, failure.service + ": " + failure.state) + "\n";
  text += "  cause  " + printable(failure.reason) + "\n";
  if (!failure.blocked.empty()) text += "  blocks " + joined(failure.blocked) + "\n";
  text += "  log    " + failure.log + (failure.last_lines.empty() ? " (nothing from this start)\n" : "\n");
  return text + quoted(failure.last_lines) + "  next   " + next_step(failure) + "\n";
}

std::string build_failure_block(const std::string& service, int status, const std::string& problem,
                                const std::string& log, const std::vector<std::string>& last_lines,
                                const Style& style) {
  std::string cause = problem;
  if (cause.empty() && WIFSIGNALED(status)) cause = "signal " + std::to_string(WTERMSIG(status));
  if (cause.empty()) cause = "exit code " + std::to_string(WEXITSTATUS(status));
  return "\n" + style.paint(Style::Colour::red, service + ": build failed") + "\n  cause  " + printable(cause) +
         "\n  log    " + log + (last_lines.empty() ? " (empty)\n" : "\n") + quoted(last_lines);
}

}  // namespace cli
