#pragma once
// Where programs are. Stateless.

#include <string>
#include <vector>

#include "base/result.hpp"

namespace posix {

// argv[0] with a '/' as it is, else found in the PATH of `env`, then in the sbin folders: Debian keeps servers there,
// and an ordinary user's PATH lacks them. Errors: not_found.
base::Result<std::string> find_program(const std::string& name, const std::vector<std::string>& env);

}  // namespace posix
