#pragma once
// What git knows of a change. Blocking; reads the repository and writes nothing.

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace affected {

struct Difference {
  std::filesystem::path top;       // of the work tree, absolute
  std::string from;                // commit that `base` and `head` have in common
  std::string until;               // commit of `head`, or empty: the work tree as it is
  std::vector<std::string> files;  // changed, new and removed, absolute
};

// `head` empty: the work tree with what is not committed. Errors: invalid and not_found, with what to do: no git, not a
// repository, an unknown revision, a shallow clone that ends too early.
base::Result<Difference> difference(const std::filesystem::path& folder, const std::string& base,
                                    const std::string& head);

// The files of that commit whose names (without folder) are among `names`, by path from the top.
base::Result<std::map<std::string, std::string>> files_at(const std::filesystem::path& top, const std::string& commit,
                                                          const std::vector<std::string>& names);
// The files of the difference's first commit below `root` whose path from there is `wanted`, by that path.
base::Result<std::map<std::string, std::string>> files_below(const Difference& difference,
                                                             const std::filesystem::path& root,
                                                             const std::function<bool(const std::string&)>& wanted);

}  // namespace affected
