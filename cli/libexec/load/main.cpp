// msctl-load: carries out one load run for msctl. The first line of standard input is the plan (JSON, see
// cli/load/plan.hpp); a second line, or the end of the input, stops the run early. Standard output has one JSON object
// a line: {"event": "progress"}…, then {"event": "result", "result": …} or {"event": "error", "code", "message"}.
// With "only_check": true in the plan, files that it names are read, nothing is sent, and the result is empty.
// SIGINT and SIGTERM stop it early as well. Exit code 0 after a result, else 1.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "cli/libexec/load/engine.hpp"
#include "supervisor/control/wire.hpp"

namespace {

std::atomic<bool> stopped{false};  // NOLINT: a signal handler reaches nothing else

void on_signal(int) { stopped = true; }

bool say(const base::Json& line) {
  const std::string text = base::dump_json(line) + "\n";
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int fail(const base::Error& error) {
  say({{"event", "error"}, {"error", control::error_json(error).at("error")}});
  return 1;
}

// All up to the first line end.
std::string first_line() {
  std::string text;
  std::array<char, 65536> buffer{};
  while (text.find('\n') == std::string::npos) {
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR && !stopped) continue;
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text.substr(0, text.find('\n'));
}

bool input_says_stop(int ms) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, ms) > 0 || stopped;
}

}  // namespace

int main() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);

  const auto document = base::parse_json(first_line());
  if (!document) return fail(document.error());
  const bool only_check = document.value().value("only_check", false);
  auto reading = load::read_plan(document.value(), !only_check);
  if (!reading.complaints.empty()) {
    return fail(base::fail(base::ErrorCode::malformed,
                           reading.complaints.front().pointer + ": " + reading.complaints.front().message));
  }
  if (only_check) {
    if (const auto usable = load::check_files(reading.plan); !usable) return fail(usable.error());
    return say({{"event", "result"}, {"result", base::Json::object()}}) ? 0 : 1;
  }
  bool reader_is_gone = false;
  load::EngineCalls calls;
  calls.progress = [&](const base::Json& line) { reader_is_gone = !say(line); };
  calls.pause = [&](int ms) { return reader_is_gone || input_says_stop(ms); };
  const auto result = load::carry_out(reading.plan, calls);
  if (!result) return fail(result.error());
  return say({{"event", "result"}, {"result", result.value()}}) ? 0 : 1;
}
