#include <stdlib.h>

#include <fstream>

#include "cli/files/files.hpp"
#include "cli/program/program.hpp"

namespace files {
namespace {

namespace fs = std::filesystem;

// Texts as files that another program can read, gone at the end.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "msctl-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) folder_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  base::Result<std::string> put(const std::string& name, const std::string& text) const {
    const fs::path path = folder_ / name;
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.close();
    if (folder_.empty() || !out)
      return base::fail(base::ErrorCode::internal, "cannot write to the folder for temporary files");
    return path.string();
  }

 private:
  fs::path folder_;
};

}  // namespace

base::Result<std::string> unified_diff(const std::string& path, const File* before, const File* after) {
  const std::string old_text = before != nullptr ? before->content : "";
  const std::string new_text = after != nullptr ? after->content : "";
  if (before != nullptr && after != nullptr && old_text == new_text) return std::string();
  const Scratch scratch;
  TRY(const auto old_file, scratch.put("a", old_text));
  TRY(const auto new_file, scratch.put("b", new_text));
  TRY(auto output, program::ask({"diff", "-u", "--label", before != nullptr ? "a/" + path : "/dev/null", "--label",
                                 after != nullptr ? "b/" + path : "/dev/null", old_file, new_file}));
  if (output.exit_code > 1) return base::fail(base::ErrorCode::internal, "diff of " + path + " failed: " + output.err);
  return std::move(output.out);
}

base::Result<Merge> merge(const std::string& mine, const std::string& base, const std::string& theirs,
                          const std::string& mine_label, const std::string& theirs_label) {
  const Scratch scratch;
  TRY(const auto mine_file, scratch.put("mine", mine));
  TRY(const auto base_file, scratch.put("base", base));
  TRY(const auto theirs_file, scratch.put("theirs", theirs));
  TRY(auto output, program::ask({"git", "merge-file", "-p", "-L", mine_label, "-L", "base", "-L", theirs_label,
                                 mine_file, base_file, theirs_file}));
  // git: the number of conflicts, at most 127; 255 for what it cannot merge.
  if (output.exit_code > 127) return base::fail(base::ErrorCode::invalid, "cannot be merged: " + output.err);
  return Merge{std::move(output.out), output.exit_code};
}

}  // namespace files
