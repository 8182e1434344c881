#pragma once
// Reports that a command writes beside what it prints: --junit FILE, --html FILE.

#include <string>

#include "base/result.hpp"

namespace cli {

// Replaces the file. Errors: internal, with its name.
base::Result<void> write_report(const std::string& path, const std::string& text);

}  // namespace cli
