#pragma once
// The program behind `msctl up --mock SERVICE`: answers in place of a service by the contracts of which it is the
// provider, until SIGTERM. It listens on the sockets that the supervisor holds for it, else on the ports of its
// environment (PORT_HTTP, PORT_GRPC).

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace stub {

struct Options {
  std::string provider;
  std::vector<std::filesystem::path> folders;  // with Pact files
};

// Writes a line on standard output for each request. Errors: not_found when no contract is there, unavailable when a
// port is taken, invalid when the environment is not the supervisor's.
base::Result<void> run(const Options& options);

}  // namespace stub
