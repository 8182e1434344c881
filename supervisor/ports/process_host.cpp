#include "supervisor/ports/process_host.hpp"

#include <sys/wait.h>

#include <charconv>
#include <cstring>

namespace ports {

Slot slot_of(const std::string& instance, std::uint64_t generation) {
  return instance + "@" + std::to_string(generation);
}

std::string instance_of(const Slot& slot) { return slot.substr(0, slot.rfind('@')); }

std::uint64_t generation_of(const Slot& slot) {
  const auto at = slot.rfind('@');
  std::uint64_t value = 0;
  if (at == std::string::npos) return value;
  const char* const last = slot.data() + slot.size();
  const auto end = std::from_chars(slot.data() + at + 1, last, value);
  return end.ec == std::errc() && end.ptr == last ? value : 0;
}

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
