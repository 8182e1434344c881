#pragma once
// What `msctl update` does with one set of generated files: three trees in, one plan out. Reads nothing but through
// `merge`, which needs git.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/files/files.hpp"

namespace scaffold {

// What happens to a file, or why nothing does.
enum class Fate : std::uint8_t {
  created,       // new in the template
  updated,       // the user had not changed it
  merged,        // both had changed it, in different places
  conflict,      // both had changed the same place: marked in the file; or it cannot be merged and stays the user's
  in_the_way,    // new in the template, and the user has another file there, which stays
  removed,       // gone from the template, and the user had not changed it
  kept_changed,  // gone from the template, and the user had changed it: it stays
  kept_deleted,  // changed in the template, and the user had deleted it: it stays deleted
  unchanged,
};

std::string_view word(Fate fate);  // CREATE, UPDATE, MERGE, CONFLICT, …
bool writes(Fate fate);            // a file is changed
bool is_open(Fate fate);           // the user has something to look at

struct FileFate {
  Fate fate = Fate::unchanged;
  std::string path;
};

struct UpdatePlan {
  std::vector<FileFate> fates;  // in the order of paths
  files::Tree write;
  std::vector<std::string> remove;
  bool changes() const;
  bool has_conflicts() const;
};

using MergeThree = std::function<base::Result<files::Merge>(const std::string& mine, const std::string& base,
                                                            const std::string& theirs)>;

// `base`: as the old template made it; `mine`: what is there now of the files in the other two; `theirs`: as the new
// template makes it. Errors: those of `merge`, but for invalid (no text), which is a conflict.
base::Result<UpdatePlan> plan_update(const files::Tree& base, const files::Tree& mine, const files::Tree& theirs,
                                     const MergeThree& merge);

}  // namespace scaffold
