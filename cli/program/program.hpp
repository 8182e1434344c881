#pragma once
// Other programs that msctl asks (git, diff): started by argv, never through a shell, read to their end. Blocking;
// thread-safe.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace program {

struct Output {
  int exit_code = 0;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

struct Options {
  std::filesystem::path folder = {};              // working folder; empty: ours
  std::string input = {};                         // standard input
  std::map<std::string, std::string> added = {};  // variables on top of our environment
};

// argv[0] is looked up in PATH unless it has a slash. A bad exit code is no error: the caller knows what it means.
// Errors: not_found (no such program, with its name), internal (it cannot be started).
base::Result<Output> ask(const std::vector<std::string>& argv, const Options& options = {});

// A program of cli/libexec: beside the running msctl, or in libexec/msctl of where that is installed; $MSCTL_LIBEXEC
// goes first. Errors: not_found, with the remedy.
base::Result<std::filesystem::path> helper(const std::string& name);

}  // namespace program
