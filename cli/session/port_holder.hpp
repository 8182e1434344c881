#pragma once
// Who has a port that a service needs, from what /proc tells of the process.

#include <filesystem>
#include <optional>
#include <string>

#include "cli/session/wording.hpp"

namespace cli {

// `state` is the folder of the cluster that is asking. Nothing when the process is gone or belongs to somebody else.
std::optional<PortHolder> port_holder(int pid, const std::filesystem::path& state);

}  // namespace cli
