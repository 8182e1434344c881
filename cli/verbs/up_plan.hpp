#pragma once
// `up --dry-run`.

#include "cli/verbs/up_session.hpp"

namespace cli {

// Prints what `up` would do with each instance and returns the exit code: would_change unless all would stay.
int dry_run(const UpOptions& options, const Place& place, const spec::Cluster& cluster);

}  // namespace cli
