#include "supervisor/gate/rule.hpp"

#include <algorithm>

namespace gate {
namespace {

constexpr std::array<std::string_view, mode_count> names{"pass",      "delay", "throttle", "pieces", "corrupt",
                                                         "blackhole", "hang",  "refuse",   "reset"};

}  // namespace

std::string_view name(Mode mode) { return names.at(static_cast<std::size_t>(mode)); }

std::optional<Mode> mode_from(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Mode>(found - names.begin());
}

void corrupt(std::string& bytes, std::size_t every, std::uint64_t& position) {
  for (char& byte : bytes) {
    if (every > 0 && ++position % every == 0) byte = static_cast<char>(~byte);
  }
}

}  // namespace gate
