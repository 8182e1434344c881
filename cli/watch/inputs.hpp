#pragma once
// Which files are the inputs of which service's build. Pure.
//
// A glob is relative to the cluster's folder: `*` and `?` and `[a-z]` stay within a name, `**` crosses folders; without
// any of them it names a file, or a folder with all below it. A service without `inputs` has its own folder as input,
// less what builds and programs usually write there. Never an input, below the part of a glob without wildcards: .git,
// .msctl, build, node_modules and the like, and the temporary files of editors.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/spec/cluster.hpp"

namespace watch {

class Pattern {
 public:
  // `root` absolute. `defaults`: leave out what builds usually write.
  Pattern(const std::filesystem::path& root, const std::string& glob, bool defaults);

  // `file` absolute and normal.
  bool matches(const std::string& file) const;
  // True when a file in `folder` or below it might match.
  bool may_match_below(const std::string& folder) const;
  // The folder below which everything that matches lies.
  const std::string& base() const { return base_; }

 private:
  std::string base_;
  std::string rest_;  // relative to base_; empty: base_ itself and all below it
  bool defaults_;
};

struct Inputs {
  std::string service;
  std::vector<Pattern> patterns;
  bool matches(const std::string& file) const;
};

// For those of `services` that have a build. `services` empty: all.
std::vector<Inputs> inputs_of(const spec::Cluster& cluster, const std::vector<std::string>& services);

// True for a temporary file of an editor, by its name without folder.
bool is_editor_file(std::string_view name);

bool glob_matches(std::string_view glob, std::string_view path);

}  // namespace watch
