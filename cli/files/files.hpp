#pragma once
// Files that msctl makes: compared with what is there, then written all or none. Nothing is ever written outside of the
// root, and no symbolic link is followed below it. Reads and writes the disk; one thread.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace files {

struct File {
  std::string content;
  bool executable = false;
};

// By path from the root, with `/`.
using Tree = std::map<std::string, File>;

enum class Change : std::uint8_t { create, update, identical, remove };

// CREATE, UPDATE, IDENTICAL, REMOVE: as a dry run shows it.
std::string_view word(Change change);

struct Step {
  Change change = Change::create;
  std::string path;
};

// Relative, at most 240 bytes, no part empty, `.`, `..` or `.git`, no control character, no backslash. Pure. Errors:
// invalid.
base::Result<void> check_path(const std::string& path);

// What write() would do, in the order of paths. Errors: invalid (check_path, a file below a file), conflict (a folder
// or a symbolic link is in the way).
base::Result<std::vector<Step>> compare(const std::filesystem::path& root, const Tree& tree,
                                        const std::vector<std::string>& remove = {});

// Brings the root to this state: missing folders are made, each file is replaced in one step, files that are there
// last, and folders that `remove` leaves empty go. Any failure undoes what was done, and signals wait that long. Files
// that are identical are not touched. `.NAME.msctl-new` and `.NAME.msctl-old` beside a file are used meanwhile. Errors:
// as compare, and internal with the file and the reason.
base::Result<void> write(const std::filesystem::path& root, const Tree& tree,
                         const std::vector<std::string>& remove = {});

// Every regular file below `folder` as it is, but for .git; path from there. Errors: too_large above 4 MiB a file or
// 4,096 files, conflict for a symbolic link, internal.
base::Result<Tree> read_tree(const std::filesystem::path& folder);

// As `diff -u` has it, with `a/PATH` and `b/PATH`, /dev/null when one is missing; empty when both are equal. Errors:
// those of program::ask.
base::Result<std::string> unified_diff(const std::string& path, const File* before, const File* after);

struct Merge {
  std::string text;
  int conflicts = 0;  // places marked with <<<<<<<
};

// Three ways, as `git merge-file` does it. The labels stand at the marks. Errors: those of program::ask; invalid for
// binary files.
base::Result<Merge> merge(const std::string& mine, const std::string& base, const std::string& theirs,
                          const std::string& mine_label, const std::string& theirs_label);

}  // namespace files
