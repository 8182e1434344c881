#include "cli/session/wording.hpp"

#include <sys/wait.h>

#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/joined.hpp"

namespace cli {
namespace {

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string plural(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
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
  const bool is_begun = event.reason.starts_with("pid ") || event.reason.starts_with("still runs");
  // Else its start took too long, and its process is being ended.
  if (event.state == "starting") return is_begun ? state : state + ": " + printable(event.reason) + "; is being ended";
  return state + ": " + printable(event.reason);
}

// Several lines beside one label.
std::string listed(const char* label, const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? label : "         ") + printable(line) + "\n";
  return text;
}

std::string holder_line(const PortHolder& holder) {
  std::string text = "  port   pid " + std::to_string(holder.pid) + " is ";
  if (!holder.service.empty()) {
    text += "service " + printable(holder.service) +
            (holder.cluster.empty() ? " of this cluster" : " of the cluster in " + printable(holder.cluster)) + ": ";
  }
  return text + printable(holder.command) + "\n";
}

std::string free_the_port(const PortHolder& holder) {
  std::string step = "kill " + std::to_string(holder.pid);
  if (!holder.service.empty()) {
    step = holder.cluster.empty() ? "msctl stop " + printable(holder.service)
                                  : "cd " + printable(holder.cluster) + " && msctl stop " + printable(holder.service);
  }
  return step + "   (or give the service another port)";
}

// The first words of a reason tell what kind it is; see supervisor/app/instance.cpp.
std::string next_step(const Failure& failure) {
  if (failure.holder) return free_the_port(*failure.holder);
  const auto pid = pid_in_the_way(failure.reason);
  if (pid != 0) return free_the_port({pid, {}, {}, {}});
  if (failure.reason.starts_with("cannot run") || failure.reason.starts_with("no program")) {
    return "check `command` of " + failure.service + " in its service.yaml or msctl.yaml";
  }
  if (failure.state == "stopped") return "msctl start " + failure.service;
  return "msctl logs " + failure.service;
}

}  // namespace

int pid_in_the_way(const std::string& reason) {
  constexpr std::string_view words = " is taken by pid ";
  const auto found = reason.find(words);
  int pid = 0;
  if (found == std::string::npos) return pid;
  const char* const begin = reason.data() + found + words.size();
  std::from_chars(begin, reason.data() + reason.size(), pid);
  return pid;
}

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

std::string end_line(std::size_t stopped, double seconds) {
  if (stopped == 0) return "no service ran any more; the supervisor ended in " + format_elapsed(seconds);
  return plural(stopped, "service") + " stopped in " + format_elapsed(seconds);
}

std::string failure_block(const Failure& failure, const Style& style) {
  const auto& crash = failure.crash;
  std::string text = "\n" + style.paint(Style::Colour::red, failure.service + ": " + failure.state) + "\n";
  text += "  cause  " + printable(failure.reason);
  text += crash && !crash->detail.empty() ? ": " + printable(crash->detail) + "\n" : "\n";
  if (!failure.blocked.empty()) text += "  blocks " + base::joined(failure.blocked) + "\n";
  text += "  log    " + failure.log + (failure.last_lines.empty() && !crash ? " (nothing from this start)\n" : "\n");
  text += quoted(failure.last_lines) + listed("  probes ", failure.probes);
  if (failure.holder) text += holder_line(*failure.holder);
  if (crash) text += "  " + crash->title + "\n" + quoted(crash->lines);
  return text + "  next   " + next_step(failure) + "\n";
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
