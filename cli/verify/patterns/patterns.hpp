#pragma once
// The 22 patterns, what belongs to the system beside them, and their checks: the table of contents of the system. Each
// check is one file here, named as in the table, with its functions in a namespace of its own. To add one: write
// `patterns/NAME.cpp` with `Finding look(World&)`, declare it here, and put it into the row of its pattern in
// table.cpp.

#include <span>

#include "cli/verify/check.hpp"

namespace verify {

std::span<const Check> all_checks();

// clang-format off
namespace services { base::Result<Finding> look(World& world); }
namespace api { base::Result<Finding> look(World& world); }
namespace discovery { base::Result<Finding> look(World& world); }
namespace messaging { base::Result<Finding> look(World& world); }
namespace idempotency { base::Result<Finding> look(World& world); }
namespace data_ownership { base::Result<Finding> look(World& world); }
namespace outbox { base::Result<Finding> look(World& world); }
namespace schemas { base::Result<Finding> look(World& world); }
namespace contracts { base::Result<Finding> look(World& world); }
namespace anti_corruption { base::Result<Finding> look(World& world); }
namespace health { base::Result<Finding> look(World& world); }
namespace observability { base::Result<Finding> look(World& world); }
namespace pipelines { base::Result<Finding> look(World& world); }
namespace deployment { base::Result<Finding> look(World& world); }
namespace saga { base::Result<Finding> look(World& world); }
// clang-format on

}  // namespace verify
