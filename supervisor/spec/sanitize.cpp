#include "supervisor/spec/sanitize.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace spec {
namespace {

constexpr std::string_view placeholder = "${sanitizer}";
constexpr std::array<std::string_view, 3> known_kinds{"address", "undefined", "thread"};

std::string with_kind(std::string text, const std::string& kind) {
  for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at + kind.size())) {
    text.replace(at, placeholder.size(), kind);
  }
  return text;
}

// What a report is worth depends on the process ending with it; a user's own choice stays.
void set_options(Service& service) {
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    const std::string stop =
        std::string(name) == "UBSAN_OPTIONS" ? "halt_on_error=1:print_stacktrace=1" : "halt_on_error=1";
    service.env.emplace(name, stop);
  }
}

}  // namespace

base::Result<void> apply_sanitizers(Cluster& cluster, const std::map<std::string, std::string>& kinds) {
  for (const auto& [name, kind] : kinds) {
    const auto found = cluster.services.find(name);
    if (found == cluster.services.end()) {
      return base::fail(base::ErrorCode::invalid, "--sanitize: no service is named \"" + name + "\"");
    }
    if (std::find(known_kinds.begin(), known_kinds.end(), kind) == known_kinds.end()) {
      return base::fail(base::ErrorCode::invalid,
                        "--sanitize " + name + ": expected address, undefined or thread, got \"" + kind + "\"");
    }
    Service& service = found->second;
    if (!service.build || !service.build->sanitize) {
      return base::fail(base::ErrorCode::invalid, "--sanitize " + name +
                                                      ": its file says no way to build it so; add build.sanitize "
                                                      "{command, program} (docs/cluster-file.md)");
    }
    const SanitizedBuild& how = *service.build->sanitize;
    service.command.front() = with_kind((cluster.root / how.program).string(), kind);
    service.build->command.clear();
    for (const auto& word : how.command) service.build->command.push_back(with_kind(word, kind));
    set_options(service);
  }
  return base::success();
}

}  // namespace spec
