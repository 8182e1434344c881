#pragma once
// Which files below a folder were rendered, for which target and environment, and what stood in them: so that a file
// that is not made any more is taken away, and one that somebody changed since is not lost.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/render/targets.hpp"

namespace render {

inline constexpr const char* ledger_name = ".msctl-deploy.json";

struct Entry {
  std::string target;
  std::string environment;
  std::string sha256;  // of the content
};

using Ledger = std::map<std::string, Entry>;  // by path from the folder

// Empty when there is none. Errors: malformed, with what to do.
base::Result<Ledger> read_ledger(const std::filesystem::path& out);

std::string ledger_text(const Ledger& ledger);

// What a render into `out` would do.
struct Plan {
  files::Tree tree;                 // the rendered files and the new ledger
  std::vector<std::string> remove;  // rendered before, and not made any more
  std::vector<std::string> edited;  // not as they were rendered, and not as they are rendered now
  files::Tree before;               // what stands in files that would be written or removed
  std::vector<files::Step> steps;   // without the ledger's
  bool changes = false;             // anything would be written or removed
};

// `whole`: all services were rendered, so that what the chosen targets do not make any more goes. Errors: as
// files::compare and read_ledger.
base::Result<Plan> make_plan(const std::filesystem::path& out, const Rendered& rendered,
                             const std::vector<Target>& targets, const std::string& environment, bool whole);

}  // namespace render
