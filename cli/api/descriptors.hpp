#pragma once
// Descriptors of .proto files, asked of msctl-grpc. Blocking; thread-safe.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/api/model.hpp"

namespace api {

struct Query {
  std::filesystem::path root;      // absolute
  std::string folder;              // FOLDER/proto, relative to the root; imports are looked up there, too
  std::vector<std::string> files;  // relative to the root; none: an empty interface
  std::string when = {};           // put before what is wrong with it
};

// One interface a query, or the first problem: `services/user/proto/user.proto:12:3: "Foo" is not defined.` Imports are
// paths from the root; where that fails, from the folder. Errors: not_found (no msctl-grpc), malformed, internal.
base::Result<std::vector<Interface>> read_interfaces(const std::vector<Query>& queries);

}  // namespace api
