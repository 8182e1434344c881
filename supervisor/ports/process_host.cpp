#include "supervisor/ports/process_host.hpp"

#include <sys/wait.h>

#include <cstring>

namespace ports {

std::optional<int> WaitStatus::exit_code() const {
  return WIFEXITED(native) ? std::optional<int>(WEXITSTATUS(native)) : std::nullopt;
}

std::string describe(WaitStatus status) {
  if (WIFEXITED(status.native)) return "exit code " + std::to_string(WEXITSTATUS(status.native));
  if (!WIFSIGNALED(status.native)) return "wait status " + std::to_string(status.native);
  const int number = WTERMSIG(status.native);
  const char* name = ::sigabbrev_np(number);
  std::string text = "signal " + std::to_string(number);
  if (name != nullptr) text.append(" (SIG").append(name).append(")");
  if (WCOREDUMP(status.native)) text += ", core dumped";
  return text;
}

}  // namespace ports
