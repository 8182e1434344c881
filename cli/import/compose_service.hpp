#pragma once
// One service of a compose file. Internal to cli/import; pure.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace cli {

struct ComposeNames {
  std::string project;                      // for the names of images that are built
  std::map<std::string, std::string> ours;  // names of services there to names here
};

// `from` is its entry with merge keys carried out. Everything in it that has no equivalent becomes a note.
base::Json compose_service(const std::string& name, const base::Json& from, const ComposeNames& names,
                           std::vector<std::string>& notes);

}  // namespace cli
