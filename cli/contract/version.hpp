#pragma once
// Which version of a service the work tree is. Asks git; blocking.

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace contract {

struct WorkTree {
  std::string version;  // of `git describe`: abc1234, v1.2-3-gabc1234, with -dirty where more than the ledger changed
  std::string branch;   // empty when detached
  std::string at;       // of its last commit, RFC 3339; empty with -dirty
};

// `folder` is that of msctl.yaml. Errors: not_found when it is no work tree of git or has no commit, with what to do
// (--version).
base::Result<WorkTree> work_tree(const std::filesystem::path& folder);

// Whether a text can be a version: 1 to 200 visible characters, none of them a space.
base::Result<void> check_version(const std::string& version);

}  // namespace contract
