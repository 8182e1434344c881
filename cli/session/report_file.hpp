#pragma once
// Reports that a command writes beside what it prints: --junit FILE, --html FILE.

#include <string>

#include "base/result.hpp"

namespace cli {

// Whether write_report can succeed, for commands that would rather not begin a long run than lose its report; an empty
// path is fine. Errors: invalid, with its name.
base::Result<void> check_report(const std::string& path);

// Replaces the file. Errors: internal, with its name.
base::Result<void> write_report(const std::string& path, const std::string& text);

}  // namespace cli
