#pragma once
// From what the threads counted to the result that msctl shows and scripts read. docs/load.md lists the keys.

#include <chrono>
#include <memory>
#include <vector>

#include "base/json.hpp"
#include "cli/libexec/load/worker.hpp"

namespace load {

base::Json slice_json(const Slice& slice, double seconds);

base::Json make_result(const Shared& shared, const std::vector<std::unique_ptr<Worker>>& workers,
                       const std::vector<Slice>& timeline, std::chrono::system_clock::time_point began);

}  // namespace load
