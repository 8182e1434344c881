#pragma once
// The backtrace of a process that left a core file behind, where gdb is installed.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/session/crash_report.hpp"
#include "cli/session/place.hpp"

namespace cli {

// The newest core that lies where `pattern` (as in /proc/sys/kernel/core_pattern) puts those of a process that ran in
// `folder`, ours and not older than `since_us`. Nothing when cores go to a program instead.
std::optional<std::filesystem::path> find_core(const std::string& pattern, const std::filesystem::path& folder,
                                               std::int64_t since_us);

// Runs gdb on the core of an instance's present start, for at most 10 s. Nothing without a core or without gdb.
std::optional<CrashReport> backtrace_from_core(const Place& place, const std::string& instance, std::int64_t since_us);

}  // namespace cli
