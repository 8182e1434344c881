#pragma once
// The part of the supervisor's API that is about faults and gates; control/faults.hpp lists it.

#include <string>

#include "base/http/message.hpp"
#include "supervisor/app/faults.hpp"

namespace app {

// `path` begins with /v1/gates or /v1/faults, and who asks was let in.
base::http::Response answer_fault(Faults& faults, const base::http::Request& request, const std::string& path);

}  // namespace app
