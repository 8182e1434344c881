#pragma once
// note-service: keeps notes and gives them back.

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/env/environment.hpp"

namespace note_service {

// Runs until shutdown is requested. Errors: what keeps it from starting.
base::Task<base::Result<void>> run(chassis::Environment& env);

}  // namespace note_service
