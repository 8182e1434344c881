#pragma once
// The data that msctl renders from: folders `templates`, `manifests` and `pipelines`. A workspace may have folders of
// the same shape; a file there takes the place of msctl's own. Reads the disk; thread-safe.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace assets {

// Where one kind of data lies, the first folder that has a file wins.
struct Shelf {
  std::string kind;
  std::vector<std::filesystem::path> folders;
};

// `workspace`: folder of msctl.yaml, or empty. After it come $MSCTL_DATA, and what belongs to the running program: the
// installed share/msctl beside its bin, or the project around its build folder. Errors: not_found when none of them
// has `kind`, with the remedy.
base::Result<Shelf> shelf(const std::string& kind, const std::filesystem::path& workspace);

// The file or folder under that name. Errors: not_found, with where it was looked for.
base::Result<std::filesystem::path> find(const Shelf& shelf, const std::string& name);

// Names right in `folder` (or in the kind itself when it is empty) in any of the shelf's folders, sorted, each once.
std::vector<std::string> list(const Shelf& shelf, const std::string& folder = {});

}  // namespace assets
