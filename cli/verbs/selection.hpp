#pragma once
// Which instances the user means by the names on the command line. Pure but for reading the cluster's file on an error.

#include <string>
#include <vector>

#include "cli/session/place.hpp"

namespace cli {

// True when `names` is empty or has the instance itself or its service.
bool is_meant(const std::vector<std::string>& names, const std::string& instance);

// Errors: not_found for a name that is none of `views`, with the nearest one that the file knows.
base::Result<void> check_meant(const Place& place, const std::vector<std::string>& names,
                               const std::vector<control::ServiceView>& views);

// The first one that `name` means: the instance of that name, else the service's first one with a process.
// Errors: not_found.
base::Result<control::ServiceView> one_meant(const Place& place, const std::string& name,
                                             const std::vector<control::ServiceView>& views);

// The number of the last event so far.
base::Result<std::uint64_t> last_event(const control::Client& client);

}  // namespace cli
