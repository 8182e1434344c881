#pragma once
// What init, new-service and update have in common: the flags, a question on a terminal, and how their results are
// shown.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/scaffold/generate.hpp"
#include "cli/scaffold/template.hpp"
#include "cli/terminal/document.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {

struct WriteOptions {
  bool dry_run = false;
  bool yes = false;
  Format format = Format::table;
};

// `KEY=VALUE` texts, those of one key as a list, laid over `values`. Errors: invalid.
base::Result<void> add_settings(scaffold::Values& values, const std::vector<std::string>& settings);

// On a terminal, asks for each parameter that has neither a value nor a default.
void ask_for_missing(const scaffold::Template& made, scaffold::Values& values, const WriteOptions& options);

// Shows what it would do, writes it unless that is only wanted dry, and says how to go on. `what`: "service billing".
// Returns the exit code.
int carry_out(const scaffold::Draft& draft, const WriteOptions& options, const std::string& what);

}  // namespace cli
